using System.Globalization;
using Grpc.Core;

namespace Grpc.Net.Client.Configuration;

/// <summary>The JSON forms of durations and status codes (protobuf's JSON mapping, as the gRPC service config uses it).</summary>
internal static class ConfigValues
{
    private static readonly Dictionary<string, StatusCode> CodesByName = Enum.GetValues<StatusCode>().ToDictionary(FormatCode, StringComparer.Ordinal);

    public static string FormatDuration(TimeSpan value) => ((decimal)value.Ticks / TimeSpan.TicksPerSecond).ToString("0.#########", CultureInfo.InvariantCulture) + "s";

    public static TimeSpan ParseDuration(string name, string text)
    {
        const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
        if (text.EndsWith('s') && decimal.TryParse(text.AsSpan(0, text.Length - 1), Style, CultureInfo.InvariantCulture, out var seconds)
            && Math.Abs(seconds) <= (decimal)TimeSpan.MaxValue.TotalSeconds - 1)
            return new TimeSpan((long)(seconds * TimeSpan.TicksPerSecond));

        throw new FormatException($"'{name}' is not a duration such as \"1.5s\": '{text}'.");
    }

    /// <summary>For example <c>DEADLINE_EXCEEDED</c>.</summary>
    public static object FormatCodeObject(StatusCode code) => FormatCode(code);

    public static StatusCode ParseCode(object value) => value switch
    {
        string name when CodesByName.TryGetValue(name.ToUpperInvariant(), out var code) => code,
        // The JSON mapping allows the number too; JSON readers give it as double.
        int or long or double => (StatusCode)Convert.ToInt32(value, CultureInfo.InvariantCulture),
        _ => throw new FormatException($"'{value}' is not a status code."),
    };

    private static string FormatCode(StatusCode code) => code == StatusCode.OK
        ? "OK"
        : string.Concat(code.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{c}" : $"{char.ToUpperInvariant(c)}"));
}
