using System.Collections.Immutable;

namespace Aspire.Hosting.Reporting;

/// <summary>What the app host's console shows: the children's lines behind their names, changes of state, and the app host's own words.</summary>
/// <param name="output">The console.</param>
/// <param name="colours">Whether names are coloured and states dim.</param>
internal sealed class ConsoleReporter(ConsoleOutput output, bool colours)
{
    private const string Reset = "\e[0m";
    private const string Dim = "\e[2m";
    private const string Red = "\e[31m";

    /// <summary>Colours that are told apart on dark and on light, none of them red: that one means trouble.</summary>
    private static readonly ImmutableArray<string> Palette = ["\e[36m", "\e[33m", "\e[32m", "\e[35m", "\e[34m", "\e[96m", "\e[93m", "\e[92m", "\e[95m", "\e[94m"];

    private ImmutableDictionary<string, string> _prefixes = ImmutableDictionary<string, string>.Empty;

    /// <summary>Whether children may colour their own lines.</summary>
    public bool Colours { get; } = colours;

    /// <summary>Colours are for people: not for a file or a pipe, and not for those who said no (no-color.org).</summary>
    public static bool WantsColours() =>
        !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") != "dumb";

    /// <summary>Makes the names known, so that they can be aligned; each resource has one colour for all its instances.</summary>
    public void SetInstances(IEnumerable<IReadOnlyList<string>> resources)
    {
        var groups = resources.ToArray();
        var width = groups.SelectMany(g => g).Select(n => n.Length).DefaultIfEmpty().Max();
        _prefixes = groups
            .SelectMany((names, index) => names.Select(name => (name, Colour: Palette[index % Palette.Length])))
            .ToImmutableDictionary(i => i.name, i => Colours ? $"{i.Colour}{i.name.PadRight(width)}{Reset}" : i.name.PadRight(width), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Makes the names of new instances known; they look like that of a sibling.</summary>
    public void AddInstances(string sibling, IEnumerable<string> names)
    {
        ImmutableInterlocked.Update(ref _prefixes, known => known.TryGetValue(sibling, out var prefix)
            ? known.SetItems(names.Select(n => KeyValuePair.Create(n, prefix.Replace(sibling, n, StringComparison.Ordinal))))
            : known);
    }

    /// <summary>Forgets the name of an instance that is gone.</summary>
    public void RemoveInstance(string name) => ImmutableInterlocked.TryRemove(ref _prefixes, name, out _);

    /// <summary>A line of a child, its text exactly as it came.</summary>
    public ValueTask ChildLineAsync(string instance, string text, bool isError) => output.WriteLineAsync(Compose(instance, text), isError);

    /// <summary>A line that code of the app host writes among a child's.</summary>
    public void EchoLine(string instance, string text, bool isError) => output.Post(Compose(instance, text), isError);

    /// <summary>A change of state of an instance.</summary>
    public void State(string instance, string state) => output.Post(Colours ? $"{Prefix(instance)}   {Dim}{state}{Reset}" : $"{Prefix(instance)}   {state}");

    /// <summary>A line of the app host itself.</summary>
    public void Say(string text) => output.Post(text);

    /// <summary>A line of the app host itself about what went wrong.</summary>
    public void Error(string text) => output.Post(Colours ? $"{Red}{text}{Reset}" : text, isError: true);

    // A child that leaves its colour on must not tint the next one's line.
    private string Compose(string instance, string text) => Colours && text.Contains('\e', StringComparison.Ordinal) ? $"{Prefix(instance)} | {text}{Reset}" : $"{Prefix(instance)} | {text}";

    private string Prefix(string instance) => _prefixes.GetValueOrDefault(instance, instance);
}
