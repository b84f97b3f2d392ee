using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Proxy.Calls;

/// <summary>Whose calls are counted together.</summary>
internal sealed class RateLimitKey : ISettingValue<RateLimitKey>, IEquatable<RateLimitKey>
{
    /// <summary>All calls of the rule.</summary>
    public static readonly RateLimitKey Rule = new("rule", null);

    /// <summary>Those from one address; of IPv6 from one /64, which one host has to itself.</summary>
    public static readonly RateLimitKey SourceIp = new("source_ip", null);

    private const string HeaderPrefix = "header:";
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~");

    private readonly string _text;

    private RateLimitKey(string text, string? header)
    {
        _text = text;
        Header = header;
        HeaderName = Encoding.ASCII.GetBytes(header ?? "");
    }

    public static string Expected => "source_ip, rule or header:NAME";

    /// <summary>Those with one value of this field, in lower case; null for the other kinds.</summary>
    public string? Header { get; }

    /// <summary>The same in octets; empty for the other kinds.</summary>
    public ReadOnlySpan<byte> Name => HeaderName;

    private byte[] HeaderName { get; }

    public static bool TryParse(string text, [NotNullWhen(true)] out RateLimitKey? value, out string? expected)
    {
        expected = null;
        value = text.ToLowerInvariant() switch
        {
            "rule" => Rule,
            "source_ip" => SourceIp,
            var lower when lower.StartsWith(HeaderPrefix, StringComparison.Ordinal) && lower.Length > HeaderPrefix.Length && lower.AsSpan(HeaderPrefix.Length).IndexOfAnyExcept(NameCharacters) < 0 =>
                new RateLimitKey(lower, lower[HeaderPrefix.Length..]),
            _ => null,
        };
        return value is not null;
    }

    public bool Equals(RateLimitKey? other) => other is not null && _text == other._text;

    public override bool Equals(object? obj) => Equals(obj as RateLimitKey);

    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => _text;
}
