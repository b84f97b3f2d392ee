using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing.Sources;

/// <summary>Addresses with the same first bits: <c>10.0.0.0/8</c>, <c>2001:db8::/32</c>. An IPv4 address that is written as IPv6 is one of IPv4.</summary>
internal sealed class CidrBlock : ISettingValue<CidrBlock>
{
    private readonly bool _isV4;
    private readonly int _prefix;
    private readonly UInt128 _mask;
    private readonly UInt128 _network;

    private CidrBlock(bool isV4, UInt128 network, int prefix)
    {
        _isV4 = isV4;
        _prefix = prefix;
        var free = (isV4 ? 32 : 128) - prefix;
        _mask = free == 128 ? 0 : UInt128.MaxValue << free;
        _network = network & _mask;
    }

    public static string Expected => "a block of addresses such as 10.0.0.0/8 or 2001:db8::/32, or one address";

    public static bool TryParse(string text, [NotNullWhen(true)] out CidrBlock? value, out string? expected)
    {
        value = null;
        expected = null;
        var slash = text.IndexOf('/');
        // The framework would read 10.1 as 10.0.0.1.
        if (!IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address) || (address.AddressFamily == AddressFamily.InterNetwork && text.AsSpan(0, slash < 0 ? text.Length : slash).Count('.') != 3) || text.Contains('%')) return false;
        var length = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var prefix = length;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out prefix) || prefix > length))
        {
            expected = $"a block of addresses whose prefix has 0 to {length} bits";
            return false;
        }

        if (address.IsIPv4MappedToIPv6 && prefix >= 96) prefix -= 96;
        var (isV4, number) = NumberOf(address);
        var block = new CidrBlock(isV4, number, prefix);
        if (block._network != number)
        {
            expected = $"{block}, whose bits behind the prefix are zero";
            return false;
        }

        value = block;
        return true;
    }

    public bool Contains(IPAddress address)
    {
        var (isV4, number) = NumberOf(address);
        return Contains(isV4, number);
    }

    /// <summary>Whether one of several blocks contains an address.</summary>
    public static bool AnyContains(ReadOnlySpan<CidrBlock> blocks, IPAddress address)
    {
        var (isV4, number) = NumberOf(address);
        foreach (var block in blocks)
        {
            if (block.Contains(isV4, number)) return true;
        }

        return false;
    }

    public override string ToString()
    {
        Span<byte> octets = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(octets, _network);
        return $"{new IPAddress(_isV4 ? octets[12..] : octets)}/{_prefix}";
    }

    private bool Contains(bool isV4, UInt128 number) => isV4 == _isV4 && (number & _mask) == _network;

    private static (bool IsV4, UInt128 Number) NumberOf(IPAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        address.TryWriteBytes(octets, out var count);
        if (count == 4) return (true, BinaryPrimitives.ReadUInt32BigEndian(octets));
        if (address.IsIPv4MappedToIPv6) return (true, BinaryPrimitives.ReadUInt32BigEndian(octets[12..]));
        return (false, BinaryPrimitives.ReadUInt128BigEndian(octets));
    }
}
