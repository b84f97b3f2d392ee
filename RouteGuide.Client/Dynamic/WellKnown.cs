using System.Globalization;
using System.Text.RegularExpressions;

namespace RouteGuide.Client.Dynamic;

/// <summary>
/// The texts that times and the like have in JSON (https://protobuf.dev/programming-guides/json/). Those that are out of the range that
/// their .proto files state have none.
/// </summary>
internal static partial class WellKnown
{
    public const string Any = "google.protobuf.Any";
    public const string Timestamp = "google.protobuf.Timestamp";
    public const string Duration = "google.protobuf.Duration";
    public const string FieldMask = "google.protobuf.FieldMask";
    public const string Struct = "google.protobuf.Struct";
    public const string Value = "google.protobuf.Value";
    public const string ListValue = "google.protobuf.ListValue";
    public const string NullValue = "google.protobuf.NullValue";

    // 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
    private const long FirstSecond = -62_135_596_800;
    private const long LastSecond = 253_402_300_799;
    private const long LongestDuration = 315_576_000_000;

    /// <summary>Whether a type is written as something else than an object of its fields, so that an Any holds it as <c>value</c>.</summary>
    public static bool HasOwnJson(string type) =>
        IsWrapper(type) || type is Any or Timestamp or Duration or FieldMask or Struct or Value or ListValue;

    /// <summary>Whether a type is a message around one scalar.</summary>
    public static bool IsWrapper(string type) => type is
        "google.protobuf.DoubleValue" or "google.protobuf.FloatValue" or "google.protobuf.Int64Value" or "google.protobuf.UInt64Value" or
        "google.protobuf.Int32Value" or "google.protobuf.UInt32Value" or "google.protobuf.BoolValue" or "google.protobuf.StringValue" or
        "google.protobuf.BytesValue";

    public static string? TimestampText(long seconds, int nanos) => seconds is < FirstSecond or > LastSecond || nanos is < 0 or > 999_999_999
        ? null
        : $"{DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture)}{Fraction(nanos)}Z";

    public static (long Seconds, int Nanos)? ParseTimestamp(string text)
    {
        var match = TimestampPattern().Match(text);
        if (!match.Success || !DateTime.TryParseExact(match.Groups[1].Value, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)) return null;
        var offset = 0;
        if (match.Groups[3] is { Success: true })
        {
            var (hours, minutes) = (int.Parse(match.Groups[4].Value, CultureInfo.InvariantCulture), int.Parse(match.Groups[5].Value, CultureInfo.InvariantCulture));
            if (hours > 18 || minutes > 59) return null;
            offset = ((hours * 60) + minutes) * 60 * (match.Groups[3].Value == "-" ? -1 : 1);
        }

        var seconds = ((time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond) - offset;
        return seconds is < FirstSecond or > LastSecond ? null : (seconds, Nanos(match.Groups[2].Value));
    }

    public static string? DurationText(long seconds, int nanos) =>
        seconds is < -LongestDuration or > LongestDuration || nanos is < -999_999_999 or > 999_999_999 || (seconds != 0 && nanos != 0 && seconds < 0 != nanos < 0)
            ? null
            : $"{(seconds < 0 || nanos < 0 ? "-" : "")}{Math.Abs(seconds)}{Fraction(Math.Abs(nanos))}s";

    public static (long Seconds, int Nanos)? ParseDuration(string text)
    {
        var match = DurationPattern().Match(text);
        if (!match.Success) return null;
        var sign = match.Groups[1].Length > 0 ? -1 : 1;
        var seconds = long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
        return seconds > LongestDuration ? null : (sign * seconds, sign * Nanos(match.Groups[3].Value));
    }

    /// <summary>A path of a field mask in JSON, or null where it could not be read back.</summary>
    public static string? MaskText(string path) =>
        path.Length > 0 && path.All(c => c is '_' or '.' || char.IsAsciiDigit(c) || char.IsAsciiLetterLower(c)) && !UnderscoreWithoutLetter().IsMatch(path)
            ? UnderscoreLetter().Replace(path, match => match.Groups[1].Value.ToUpperInvariant())
            : null;

    /// <summary>The path that a JSON path stands for, or null where it stands for none.</summary>
    public static string? ParseMask(string text) => text.Length > 0 && text.All(c => c is '.' || char.IsAsciiLetterOrDigit(c))
        ? UpperLetter().Replace(text, match => $"_{match.Value.ToLowerInvariant()}")
        : null;

    // 3, 6 or 9 digits, as many as are needed.
    private static string Fraction(int nanos)
    {
        if (nanos == 0) return "";
        var digits = nanos.ToString("D9", CultureInfo.InvariantCulture);
        return "." + (nanos % 1_000_000 == 0 ? digits[..3] : nanos % 1_000 == 0 ? digits[..6] : digits);
    }

    private static int Nanos(string fraction) => fraction.Length == 0 ? 0 : int.Parse(fraction[1..].PadRight(9, '0'), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\A([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?(?:Z|([+-])([0-9]{2}):([0-9]{2}))\z", RegexOptions.CultureInvariant)]
    private static partial Regex TimestampPattern();

    [GeneratedRegex(@"\A(-?)([0-9]{1,12})(\.[0-9]{1,9})?s\z", RegexOptions.CultureInvariant)]
    private static partial Regex DurationPattern();

    [GeneratedRegex("_([a-z])")]
    private static partial Regex UnderscoreLetter();

    [GeneratedRegex("_([^a-z]|$)")]
    private static partial Regex UnderscoreWithoutLetter();

    [GeneratedRegex("[A-Z]")]
    private static partial Regex UpperLetter();
}
