using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Extensions.Configuration;
using RouteGuide.Balancer.Configuration;
using RouteGuide.Balancer.Settings;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Tests.Balancer.Configuration;

/// <summary>Records of settings are read whole; what cannot be used is named with its path, its value and what would be right.</summary>
public sealed class SettingsReaderTests
{
    private enum Algorithm
    {
        [SettingName("round_robin")]
        RoundRobin,

        [SettingName("least_outstanding_requests")]
        LeastOutstandingRequests,
    }

    [Fact]
    public void What_is_not_set_keeps_its_default()
    {
        var read = Read("{}");

        Assert.Equal((5, TimeSpan.FromSeconds(30), Algorithm.RoundRobin, 1.5), (read.Count, read.Interval, read.Attributes.Algorithm, read.Attributes.Retry.Ratio));
        Assert.Null(read.Note);
        Assert.Null(read.Most);
        Assert.Empty(read.Items);
    }

    [Fact]
    public void Every_kind_of_setting_is_read()
    {
        var read = Read(
            """
            {
              // comments are welcome
              "Count": 7, "IntervalSeconds": 0.1, "Enabled": true, "Note": "x", "Most": 3, "Word": "Ab",
              "Names": ["a", "b"],
              "Items": [{ "Id": "one" }, { "Id": "two", "Weight": 3 }],
              "Groups": { "left": { "Id": "l" } },
              "Attributes": { "load_balancing.algorithm.type": "LEAST_outstanding_requests", "retry.ratio": 0.5, "retry.delay_seconds": "00:00:02" },
            }
            """);

        Assert.Equal((7, TimeSpan.FromMilliseconds(100), true, "x", 3, "ab"), (read.Count, read.Interval, read.Enabled, read.Note, read.Most, read.Word?.Text));
        Assert.Equal(["a", "b"], read.Names);
        Assert.Equal([("one", 1), ("two", 3)], read.Items.Select(i => (i.Id, i.Weight)));
        Assert.Equal("l", read.Groups["LEFT"].Id);
        Assert.Equal((Algorithm.LeastOutstandingRequests, 0.5, TimeSpan.FromSeconds(2)), (read.Attributes.Algorithm, read.Attributes.Retry.Ratio, read.Attributes.Retry.Delay));
    }

    [Fact]
    public void Attributes_can_be_written_as_sections_because_variables_of_the_environment_have_no_dots()
    {
        var read = Read("""{ "Attributes": { "load_balancing": { "algorithm": { "type": "least_outstanding_requests" } }, "retry": { "ratio": "0.25" } } }""");

        Assert.Equal((Algorithm.LeastOutstandingRequests, 0.25), (read.Attributes.Algorithm, read.Attributes.Retry.Ratio));
    }

    [Fact]
    public void A_list_of_values_can_stand_in_one_text() => Assert.Equal(["a", "b"], Read("""{ "Names": "a, b" }""").Names);

    [Fact]
    public void One_reading_does_not_change_the_defaults_of_the_next()
    {
        Assert.Equal(9, Read("""{ "Attributes": { "retry.ratio": 9 } }""").Attributes.Retry.Ratio);
        Assert.Equal(1.5, Read("{}").Attributes.Retry.Ratio);
    }

    [Fact]
    public void Zero_can_mean_off_besides_the_range()
    {
        Assert.Equal(TimeSpan.Zero, Read("""{ "Attributes": { "retry.delay_seconds": 0 } }""").Attributes.Retry.Delay);
        Assert.Equal(TimeSpan.Zero, Read("""{ "Attributes": { "retry.delay_seconds": "off" } }""").Attributes.Retry.Delay);
    }

    [Theory]
    [InlineData("""{ "Cuont": 1 }""", "Part:Cuont: there is no such setting; expected Count")]
    [InlineData("""{ "Count": 11 }""", "Part:Count: '11' is not a whole number from 1 to 10.")]
    [InlineData("""{ "Count": "1e1" }""", "Part:Count: '1e1' is not a whole number from 1 to 10.")]
    [InlineData("""{ "Count": 99999999999 }""", "Part:Count: '99999999999' is not a whole number from 1 to 10.")]
    [InlineData("""{ "Count": { "A": 1 } }""", "Part:Count: is missing; expected a whole number from 1 to 10, without settings below it.")]
    [InlineData("""{ "IntervalSeconds": "soon" }""", "Part:IntervalSeconds: 'soon' is not a time from 0.1 to 300, in seconds or as hh:mm:ss.")]
    [InlineData("""{ "IntervalSeconds": 301 }""", "Part:IntervalSeconds: '301' is not a time")]
    [InlineData("""{ "IntervalSeconds": "NaN" }""", "Part:IntervalSeconds: 'NaN' is not a time")]
    [InlineData("""{ "Enabled": "perhaps" }""", "Part:Enabled: 'perhaps' is not true or false.")]
    [InlineData("""{ "Word": "a b" }""", "Part:Word: 'a b' is not one word.")]
    [InlineData("""{ "Note": "12345678901" }""", "Part:Note: '12345678901' is not a text of 0 to 10 characters.")]
    [InlineData("""{ "Note": "a\nb\u001b12345678" }""", "Part:Note: 'a\uFFFDb\uFFFD12345678' is not")]
    [InlineData("""{ "Names": ["a","b","c"] }""", "Part:Names: '3 entries' is not a list of 0 to 2 entries.")]
    [InlineData("""{ "Names": [{ "a": 1 }] }""", "Part:Names:0: is missing; expected a text, without settings below it.")]
    [InlineData("""{ "Items": [{ "Weight": 3 }] }""", "Part:Items:0:Id: is missing; expected a text.")]
    [InlineData("""{ "Items": [{ "Id": "a", "Weight": 3 }, { "Id": "a", "Weight": "many" }] }""", "Part:Items:1:Weight: 'many' is not a whole number.")]
    [InlineData("""{ "Items": "many" }""", "Part:Items: 'many' is not a list.")]
    [InlineData("""{ "Groups": "many" }""", "Part:Groups: 'many' is not settings with names of their own.")]
    [InlineData("""{ "Groups": { "a": { "Di": 1, "Id": "x" } } }""", "Part:Groups:a:Di: there is no such setting; expected Id or Weight.")]
    [InlineData("""{ "Attributes": { "retry.raito": 1 } }""", "Part:Attributes:retry.raito: there is no such setting; expected")]
    [InlineData("""{ "Attributes": { "retry": { "raito": 1 } } }""", "Part:Attributes:retry:raito: there is no such setting; expected")]
    [InlineData("""{ "Attributes": { "retry": 1 } }""", "Part:Attributes:retry: there is no such setting; expected")]
    [InlineData("""{ "Attributes": { "load_balancing.algorithm.type": "random" } }""", "Part:Attributes:load_balancing.algorithm.type: 'random' is not round_robin or least_outstanding_requests.")]
    [InlineData("""{ "Attributes": { "load_balancing.algorithm.type": "0" } }""", "'0' is not round_robin or least_outstanding_requests.")]
    [InlineData("""{ "Attributes": { "retry.ratio": 7, "retry.delay_seconds": 7 } }""", "Part:Attributes:retry.ratio: '7' is not less than the delay.")]
    public void What_cannot_be_used_is_named_with_its_value(string json, string message)
    {
        var error = Assert.Throws<ConfigurationException>(() => Read(json));

        Assert.StartsWith(message.StartsWith("Part", StringComparison.Ordinal) ? message : "Part", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once()
    {
        var error = Assert.Throws<ConfigurationException>(() => Read("""{ "Count": 0, "Enabled": "x", "Items": [{}] }"""));

        Assert.Contains("Part:Count: '0'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Part:Enabled: 'x'", error.Message, StringComparison.Ordinal);
    }

    private static Sample Read(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "Part": {{json}} }"""));
        return SettingsReader.Read<Sample>(new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection("Part"));
    }

    private sealed record Sample
    {
        [Setting("Count", "how many", Least = 1, Most = 10)]
        public int Count { get; init; } = 5;

        [Setting("IntervalSeconds", "between two", Least = 0.1, Most = 300)]
        public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

        [Setting("Enabled", "whether")]
        public bool Enabled { get; init; }

        [Setting("Note", "a note", Least = 0, Most = 10)]
        public string? Note { get; init; }

        [Setting("Most", "at most")]
        public int? Most { get; init; }

        [Setting("Word", "one word")]
        public Word? Word { get; init; }

        [Setting("Names", "names", Least = 0, Most = 2)]
        public IReadOnlyList<string> Names { get; init; } = [];

        [Setting("Items", "items")]
        public IReadOnlyList<Item> Items { get; init; } = [];

        [Setting("Groups", "groups")]
        public IReadOnlyDictionary<string, Item> Groups { get; init; } = new Dictionary<string, Item>();

        [Setting("Attributes", "attributes")]
        public SampleAttributes Attributes { get; init; } = new();
    }

    private sealed record Item
    {
        [Setting("Id", "who", Required = true)]
        public string Id { get; init; } = "";

        [Setting("Weight", "how much")]
        public int Weight { get; init; } = 1;
    }

    private sealed record SampleAttributes
    {
        [Setting("load_balancing.algorithm.type", "which")]
        public Algorithm Algorithm { get; init; }

        [Setting("retry", "again")]
        public Retry Retry { get; init; } = new() { Ratio = 1.5 };
    }

    private sealed record Retry : IChecked
    {
        [Setting("ratio", "share")]
        public double Ratio { get; init; } = 1;

        [Setting("delay_seconds", "delay", Least = 1, Most = 9, ZeroIsOff = true)]
        public TimeSpan Delay { get; init; }

        public IEnumerable<SettingProblem> Check()
        {
            if (Delay > TimeSpan.Zero && Ratio >= Delay.TotalSeconds) yield return new SettingProblem("ratio", $"{Ratio}", "less than the delay");
        }
    }

    private sealed record Word(string Text) : ISettingValue<Word>
    {
        public static string Expected => "one word";

        public static bool TryParse(string text, [NotNullWhen(true)] out Word? value, out string? expected)
        {
            expected = null;
            value = text.Contains(' ') ? null : new Word(text.ToLowerInvariant());
            return value is not null;
        }

        public override string ToString() => Text;
    }
}
