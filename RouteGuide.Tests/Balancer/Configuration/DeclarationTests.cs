using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using RouteGuide.Balancer;
using RouteGuide.Balancer.Configuration;
using RouteGuide.Balancer.Settings;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Configuration;

/// <summary>The schema and the documentation say of the settings what the code does.</summary>
public sealed class DeclarationTests
{
    private const string Begin = "<!-- settings: written by the tests with ROUTEGUIDE_WRITE_DOCS=1 -->\n";
    private const string End = "<!-- end of settings -->\n";

    private static readonly string SchemaPath = Path.Combine(Repository.Root, "RouteGuide.Balancer", "balancer.schema.json");
    private static readonly string DocsPath = Path.Combine(Repository.Root, "docs", "balancer.md");

    [Fact]
    public void The_schema_is_that_of_the_code() => AssertIsWritten(SchemaPath, Schema.Text());

    [Fact]
    public void The_documentation_lists_every_setting_with_its_default_range_and_unit()
    {
        var docs = File.ReadAllText(DocsPath).ReplaceLineEndings("\n");
        var from = docs.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var to = docs.IndexOf(End, StringComparison.Ordinal);
        Assert.True(from >= Begin.Length && to >= from, "the marks were found");

        AssertIsWritten(DocsPath, docs[..from] + SettingTables.Markdown() + docs[to..]);
    }

    [Fact]
    public void Every_declared_setting_can_be_reached_from_the_root()
    {
        var reached = new HashSet<Type>();
        Reach(typeof(BalancerConfiguration), reached);
        var declared = typeof(BalancerApp).Assembly.GetTypes().Where(t => t.GetProperties().Any(p => p.IsDefined(typeof(SettingAttribute), false)));

        Assert.Empty(declared.Except(reached).Select(t => t.FullName));
    }

    [Fact]
    public void Every_setting_says_what_it_is_and_numbers_have_a_range()
    {
        var reached = new HashSet<Type>();
        Reach(typeof(BalancerConfiguration), reached);
        foreach (var entry in reached.SelectMany(t => SettingModel.Of(t).Entries))
        {
            Assert.False(string.IsNullOrWhiteSpace(entry.Attribute.Meaning), entry.Name);
            Assert.False(entry.Attribute.Meaning.EndsWith('.'), entry.Name);
            Assert.Equal(entry.ValueType == typeof(TimeSpan) && !entry.Property.DeclaringType!.Equals(typeof(BalancerConfiguration)), entry.Name.EndsWith("seconds", StringComparison.OrdinalIgnoreCase));
            var isNumber = entry.Kind == SettingKind.Value && (entry.ValueType == typeof(int) || entry.ValueType == typeof(long) || entry.ValueType == typeof(double) || entry.ValueType == typeof(TimeSpan));
            Assert.True(!isNumber || (double.IsFinite(entry.Attribute.Least) && double.IsFinite(entry.Attribute.Most)), $"{entry.Name} has a range");
        }
    }

    [Fact]
    public void Every_default_is_in_its_range()
    {
        var reached = new HashSet<Type>();
        Reach(typeof(BalancerConfiguration), reached);
        foreach (var type in reached)
        {
            var instance = Activator.CreateInstance(type)!;
            foreach (var entry in SettingModel.Of(type).Entries.Where(e => e.Kind == SettingKind.Value && !e.Attribute.Required))
            {
                if (SettingTables.ValueOf(instance, entry) is not { } value || value is "") continue;
                Assert.True(ValueParser.TryParse(ValueParser.TextOf(value), entry.ValueType, entry.Attribute, out _, out var expected), $"{type.Name} {entry.Name}: {value} is not {expected}");
            }
        }
    }

    [Fact]
    public void The_file_that_comes_along_changes_nothing()
    {
        var file = Path.Combine(Repository.Root, "RouteGuide.Balancer", ConfigurationFile.DefaultName);
        var read = BalancerConfiguration.Read(new ConfigurationBuilder().AddJsonFile(file).Build());

        Assert.Equal(ToText(BalancerConfiguration.Read(new ConfigurationBuilder().Build())), ToText(read));
        Assert.Equal("./balancer.schema.json", JsonNode.Parse(File.ReadAllText(file), documentOptions: new() { CommentHandling = System.Text.Json.JsonCommentHandling.Skip, AllowTrailingCommas = true })!["$schema"]!.GetValue<string>());
    }

    private static string ToText(BalancerConfiguration configuration) => string.Join("\n", configuration.Groups.Select(g => $"{g.Key}: {g.Value}")) + (configuration with { TargetGroups = new Dictionary<string, TargetGroupSettings>(), Listeners = configuration.Listeners.Count == 0 ? new Dictionary<string, ListenerConfiguration>() : configuration.Listeners });

    private static void Reach(Type type, HashSet<Type> reached)
    {
        if (!reached.Add(type)) return;
        // What a record has from its base is its own.
        for (var above = type.BaseType; above != typeof(object) && above is not null; above = above.BaseType) reached.Add(above);
        foreach (var entry in SettingModel.Of(type).Entries)
        {
            foreach (var part in entry.Path.SkipLast(1)) reached.Add(part.PropertyType);
            if (SettingModel.IsRecord(entry.ValueType)) Reach(entry.ValueType, reached);
        }
    }

    private static void AssertIsWritten(string path, string text)
    {
        if (Environment.GetEnvironmentVariable("ROUTEGUIDE_WRITE_DOCS") == "1") File.WriteAllText(path, text, new UTF8Encoding(false));
        Assert.True(text == File.ReadAllText(path).ReplaceLineEndings("\n"), $"{path} is not what the settings' declarations say; run this test with ROUTEGUIDE_WRITE_DOCS=1 in the environment and look at what has changed");
    }
}
