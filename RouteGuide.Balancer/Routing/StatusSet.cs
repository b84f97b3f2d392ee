using System.Diagnostics.CodeAnalysis;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing;

/// <summary>Some of gRPC's status codes.</summary>
/// <param name="Bits">One for each code.</param>
internal sealed record StatusSet(int Bits) : ISettingValue<StatusSet>
{
    private static readonly string[] Names =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    /// <summary>UNAVAILABLE.</summary>
    public static StatusSet Unavailable { get; } = new(1 << 14);

    /// <summary>UNKNOWN, RESOURCE_EXHAUSTED, INTERNAL and UNAVAILABLE: what a target says of itself, or of what it stands on, and not of the request.</summary>
    public static StatusSet Failures { get; } = new(1 << 2 | 1 << 8 | 1 << 13 | 1 << 14);

    public static string Expected => "status codes by name or number with commas between them, such as UNAVAILABLE,RESOURCE_EXHAUSTED, without OK";

    /// <summary>What a code is called; the number of one that has no name.</summary>
    public static string NameOf(int code) => code >= 0 && code < Names.Length ? Names[code] : $"status {code}";

    public static bool TryParse(string text, [NotNullWhen(true)] out StatusSet? value, out string? expected)
    {
        (value, expected) = (null, null);
        var bits = 0;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var code = Array.FindIndex(Names, n => n.Equals(part, StringComparison.OrdinalIgnoreCase));
            if (code < 0 && (!int.TryParse(part, out code) || code >= Names.Length)) code = -1;
            // What went well is not done again.
            if (code <= 0)
            {
                expected = $"{Expected}; '{part}' is none";
                return false;
            }

            bits |= 1 << code;
        }

        value = new StatusSet(bits);
        return true;
    }

    /// <summary>Whether a code from 0 to 16 is among them.</summary>
    public bool Has(int code) => (Bits >> code & 1) != 0;

    public override string ToString() => string.Join(',', Names.Where((_, code) => Has(code)));
}
