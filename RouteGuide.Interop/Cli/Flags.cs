using System.Globalization;

namespace RouteGuide.Interop.Cli;

/// <summary>
/// Flags as the public interop programs spell them: <c>--name=value</c> or <c>--name value</c>, a switch alone or with true or false, words
/// joined by underscores. Dashes between the words are the same.
/// </summary>
internal sealed class Flags
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private Flags()
    {
    }

    /// <summary>Reads a command line.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="known">The names with values, in underscores; other spellings of one are listed after it, with '|' between.</param>
    /// <param name="switches">The names of switches, in the same form.</param>
    /// <exception cref="UsageException">A flag is not known, is given twice, or has no value.</exception>
    public static Flags Parse(IReadOnlyList<string> args, IReadOnlyList<string> known, IReadOnlyList<string> switches)
    {
        var flags = new Flags();
        for (var i = 0; i < args.Count; i++)
        {
            var (given, value) = Split(args[i], known, switches);
            if (Find(switches, given) is { } name)
            {
                if (value is null && i + 1 < args.Count && bool.TryParse(args[i + 1], out _)) value = args[++i];
                value ??= "true";
                if (!bool.TryParse(value, out _)) throw new UsageException($"--{given}: '{value}' is neither true nor false.");
            }
            else
            {
                name = Find(known, given) ?? throw Unknown(args[i], known, switches);
                value ??= i + 1 < args.Count ? args[++i] : throw new UsageException($"--{given} has no value.");
            }

            if (!flags._values.TryAdd(name, value)) throw new UsageException($"--{given} is given twice.");
        }

        return flags;
    }

    public string? Text(string name) => _values.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>Whether a switch is off because it was said so, not because nobody spoke of it.</summary>
    public bool IsSaidToBeOff(string name) => _values.ContainsKey(name) && !Switch(name);

    public bool Switch(string name) => _values.TryGetValue(name, out var value) && bool.Parse(value);

    /// <exception cref="UsageException">The value is no number, or out of range.</exception>
    public int Number(string name, int fallback, int least, int most)
    {
        if (!_values.TryGetValue(name, out var text)) return fallback;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw new UsageException($"--{name}: '{text}' is not a whole number from {least} to {most}.");
    }

    private static (string Name, string? Value) Split(string arg, IReadOnlyList<string> known, IReadOnlyList<string> switches)
    {
        if (!arg.StartsWith("--", StringComparison.Ordinal)) throw Unknown(arg, known, switches);
        var equals = arg.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? arg[2..] : arg[2..equals];
        return (name.Replace('-', '_'), equals < 0 ? null : arg[(equals + 1)..]);
    }

    private static string? Find(IReadOnlyList<string> names, string given)
    {
        foreach (var spellings in names)
        {
            var all = spellings.Split('|');
            if (all.Contains(given, StringComparer.Ordinal)) return all[0];
        }

        return null;
    }

    private static UsageException Unknown(string arg, IReadOnlyList<string> known, IReadOnlyList<string> switches) =>
        new($"'{arg}' is not a flag of this program. Known: {string.Join(", ", known.Concat(switches).SelectMany(names => names.Split('|')).Select(name => $"--{name}"))}.");
}
