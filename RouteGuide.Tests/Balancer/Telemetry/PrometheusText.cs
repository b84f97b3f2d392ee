using System.Globalization;
using System.Text.RegularExpressions;

namespace RouteGuide.Tests.Balancer.Telemetry;

/// <summary>A page of metrics, read by the rules of Prometheus' text format 0.0.4 and not more leniently.</summary>
internal sealed partial class PrometheusText
{
    private readonly Dictionary<string, double> _samples = [];

    public PrometheusText(string page)
    {
        Assert.EndsWith("\n", page, StringComparison.Ordinal);
        var current = "";
        foreach (var line in page[..^1].Split('\n'))
        {
            if (Help().Match(line) is { Success: true } help)
            {
                current = help.Groups[1].Value;
                Assert.True(Types.TryAdd(current, ""), $"{current} is there twice");
            }
            else if (Type().Match(line) is { Success: true } type)
            {
                Assert.Equal(current, type.Groups[1].Value);
                Types[current] = type.Groups[2].Value;
            }
            else
            {
                var sample = Sample().Match(line);
                Assert.True(sample.Success, line);
                var name = sample.Groups[1].Value;
                Assert.Equal(current, Types[current] == "histogram" ? Suffix().Replace(name, "") : name);
                Assert.True(Types[current] != "counter" || name.EndsWith("_total", StringComparison.Ordinal), name);
                var value = sample.Groups[3].Value is "+Inf" ? double.PositiveInfinity : double.Parse(sample.Groups[3].Value, CultureInfo.InvariantCulture);
                Assert.True(_samples.TryAdd($"{name}{sample.Groups[2].Value}", value), $"{line} is there twice");
            }
        }
    }

    public Dictionary<string, string> Types { get; } = [];

    public IReadOnlyDictionary<string, double> Samples => _samples;

    /// <summary>A sample by name and labels as they are written; 0 if it is not there.</summary>
    public double this[string sample] => _samples.GetValueOrDefault(sample);

    [GeneratedRegex("^# HELP ([a-z_:][a-z0-9_:]*) (.+)$")]
    private static partial Regex Help();

    [GeneratedRegex("^# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge|histogram)$")]
    private static partial Regex Type();

    [GeneratedRegex("""^([a-z_:][a-z0-9_:]*)((?:\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})?) (\+Inf|-?[0-9.]+(?:E[+-]?[0-9]+)?)$""")]
    private static partial Regex Sample();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();
}
