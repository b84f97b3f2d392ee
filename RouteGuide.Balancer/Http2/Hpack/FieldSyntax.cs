using System.Buffers;

namespace RouteGuide.Balancer.Http2.Hpack;

/// <summary>Which octets names and values consist of (RFC 9113 section 8.2.1, RFC 9110 section 5).</summary>
internal static class FieldSyntax
{
    private static readonly SearchValues<byte> NameOctets = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> TokenOctets =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    private static readonly SearchValues<byte> ForbiddenInValue = SearchValues.Create("\0\r\n"u8);

    /// <summary><see cref="HeaderFault.None"/>, <see cref="HeaderFault.InvalidName"/> or <see cref="HeaderFault.InvalidValue"/>.</summary>
    public static HeaderFault Check(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var fault = CheckName(name);
        return fault != HeaderFault.None ? fault : CheckValue(value);
    }

    public static HeaderFault CheckName(ReadOnlySpan<byte> name)
    {
        var token = name is [(byte)':', ..] ? name[1..] : name;
        return !token.IsEmpty && token.IndexOfAnyExcept(NameOctets) < 0 ? HeaderFault.None : HeaderFault.InvalidName;
    }

    public static HeaderFault CheckValue(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return HeaderFault.None;
        if (IsBlank(value[0]) || IsBlank(value[^1])) return HeaderFault.InvalidValue;
        return value.IndexOfAny(ForbiddenInValue) < 0 ? HeaderFault.None : HeaderFault.InvalidValue;
    }

    public static bool IsToken(ReadOnlySpan<byte> value) => !value.IsEmpty && value.IndexOfAnyExcept(TokenOctets) < 0;

    private static bool IsBlank(byte octet) => octet is (byte)' ' or (byte)'\t';
}
