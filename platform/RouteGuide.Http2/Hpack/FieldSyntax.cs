using System.Buffers;

namespace RouteGuide.Http2.Hpack;

/// <summary>Which octets names and values consist of (RFC 9113 section 8.2.1, RFC 9110 section 5).</summary>
internal static class FieldSyntax
{
    private static readonly SearchValues<byte> NameOctets = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> TokenOctets =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    private static readonly SearchValues<byte> SchemeOctets =
        SearchValues.Create("+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    private static readonly SearchValues<byte> ForbiddenInValue = SearchValues.Create("\0\r\n"u8);

    /// <summary>What is wrong with a field whatever stands beside it. Of an entry this is found out once, not per message.</summary>
    public static HeaderFault Check(KnownHeader known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var fault = CheckName(name);
        return fault != HeaderFault.None ? fault : CheckValue(known, value);
    }

    public static HeaderFault CheckName(ReadOnlySpan<byte> name)
    {
        var token = name is [(byte)':', ..] ? name[1..] : name;
        return !token.IsEmpty && token.IndexOfAnyExcept(NameOctets) < 0 ? HeaderFault.None : HeaderFault.InvalidName;
    }

    /// <summary>As <see cref="Check"/>, of a field whose name is known to be good.</summary>
    public static HeaderFault CheckValue(KnownHeader known, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty && (IsBlank(value[0]) || IsBlank(value[^1]) || value.IndexOfAny(ForbiddenInValue) >= 0)) return HeaderFault.InvalidValue;
        return known switch
        {
            KnownHeader.Other => HeaderFault.None,
            KnownHeader.Method => IsToken(value) ? HeaderFault.None : HeaderFault.InvalidMethod,
            KnownHeader.Scheme => IsScheme(value) ? HeaderFault.None : HeaderFault.InvalidScheme,
            KnownHeader.Path => IsPath(value) ? HeaderFault.None : HeaderFault.InvalidPath,
            KnownHeader.Authority => value.Contains((byte)'@') ? HeaderFault.InvalidAuthority : HeaderFault.None,
            KnownHeader.Status => IsStatus(value) ? HeaderFault.None : HeaderFault.InvalidStatus,
            KnownHeader.Connection or KnownHeader.KeepAlive or KnownHeader.ProxyConnection or KnownHeader.TransferEncoding or KnownHeader.Upgrade
                => HeaderFault.ConnectionSpecific,
            KnownHeader.Te => value.SequenceEqual("trailers"u8) ? HeaderFault.None : HeaderFault.InvalidTe,
            // No sign, no list; 18 digits cannot overflow.
            KnownHeader.ContentLength => value.Length is > 0 and <= 18 && value.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0
                ? HeaderFault.None : HeaderFault.InvalidContentLength,
            _ => HeaderFault.None,
        };
    }

    private static bool IsToken(ReadOnlySpan<byte> value) => !value.IsEmpty && value.IndexOfAnyExcept(TokenOctets) < 0;

    // RFC 3986 section 3.1
    private static bool IsScheme(ReadOnlySpan<byte> value) => !value.IsEmpty && char.IsAsciiLetter((char)value[0]) && value.IndexOfAnyExcept(SchemeOctets) < 0;

    private static bool IsPath(ReadOnlySpan<byte> value) => value is [(byte)'/', ..] ? value.IndexOfAny((byte)' ', (byte)'\t', (byte)'#') < 0 : value is [(byte)'*'];

    // 100 to 599, but 101, which HTTP/2 does not have (RFC 9113 section 8.6).
    private static bool IsStatus(ReadOnlySpan<byte> value) =>
        value is [>= (byte)'1' and <= (byte)'5', >= (byte)'0' and <= (byte)'9', >= (byte)'0' and <= (byte)'9'] && !value.SequenceEqual("101"u8);

    private static bool IsBlank(byte octet) => octet is (byte)' ' or (byte)'\t';
}
