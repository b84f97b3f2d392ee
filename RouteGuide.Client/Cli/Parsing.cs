using System.CommandLine.Parsing;
using System.Globalization;

namespace RouteGuide.Client.Cli;

/// <summary>Reads the values of options. What cannot be read is named with its option and with what would be right.</summary>
internal static class Parsing
{
    private static readonly (string Suffix, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)];

    public static Uri? Address(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri is { PathAndQuery: "/", UserInfo: "", Fragment: "" }) return uri;
        result.AddError($"--address: '{text}' is not https://host:port or http://host:port.");
        return null;
    }

    /// <summary>A time from 1 ms to a day, or 0, which stands for no limit.</summary>
    public static TimeSpan? Time(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var (suffix, unit) = Units.First(candidate => text.EndsWith(candidate.Suffix, StringComparison.Ordinal));
        if (double.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && (value == 0 || (value * unit >= 0.001 && value * unit <= 86_400)))
        {
            return TimeSpan.FromSeconds(value * unit);
        }

        result.AddError($"{Name(result)}: '{text}' is not a time such as 30s, 500ms or 2m, from 1 ms to a day.");
        return null;
    }

    /// <summary>A time as <see cref="Time"/> reads it, null for no limit.</summary>
    public static TimeSpan? Limit(TimeSpan? time) => time == TimeSpan.Zero ? null : time;

    public static int? Whole(ArgumentResult result, int least, int most = int.MaxValue)
    {
        var text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most) return value;
        result.AddError($"{Name(result)}: '{text}' is not a whole number from {least} to {most}.");
        return null;
    }

    public static double? Real(ArgumentResult result, double least, double most)
    {
        var text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most) return value;
        result.AddError($"{Name(result)}: '{text}' is not a number from {least} to {most}.");
        return null;
    }

    public static FileInfo? File(ArgumentResult result)
    {
        if (result.Tokens[0].Value is { Length: > 0 } path) return new FileInfo(path);
        result.AddError($"{Name(result)}: '' is not a file.");
        return null;
    }

    public static void OneOf(OptionResult result, IReadOnlyCollection<string> names)
    {
        var text = string.Join(' ', result.Tokens.Select(token => token.Value));
        if (!names.Contains(text, StringComparer.OrdinalIgnoreCase)) result.AddError($"{result.Option.Name}: '{text}' is not one of {string.Join(", ", names)}.");
    }

    private static string Name(ArgumentResult result) => result.Parent is OptionResult { Option.Name: var name } ? name : result.Argument.Name;
}
