using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace RouteGuide.Balancer.Transport.ProxyProtocol;

/// <summary>Says whose connection it is, to a target that expects it: PROXY protocol version 2, without type-length-values.</summary>
internal static class ProxyHeaderWriter
{
    /// <summary>Octets of the longest header that is written.</summary>
    public const int MaxLength = 16 + 36;

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Writes a header.</summary>
    /// <param name="to">At least <see cref="MaxLength"/>.</param>
    /// <param name="source">The client's end.</param>
    /// <param name="destination">What it connected to.</param>
    /// <returns>Octets written.</returns>
    public static int Write(Span<byte> to, IPEndPoint source, IPEndPoint destination)
    {
        var (from, at) = (Plain(source.Address), Plain(destination.Address));
        var isIpv4 = from.AddressFamily == AddressFamily.InterNetwork && at.AddressFamily == AddressFamily.InterNetwork;
        // Both are of one family.
        if (!isIpv4) (from, at) = (from.MapToIPv6(), at.MapToIPv6());
        var size = isIpv4 ? 4 : 16;
        var length = 2 * size + 4;
        Signature.CopyTo(to);
        to[12] = 0x21; // version 2, PROXY
        to[13] = (byte)(isIpv4 ? 0x11 : 0x21); // TCP
        BinaryPrimitives.WriteUInt16BigEndian(to[14..], (ushort)length);
        var addresses = to.Slice(16, length);
        from.TryWriteBytes(addresses, out _);
        at.TryWriteBytes(addresses[size..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(addresses[(2 * size)..], (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(addresses[(2 * size + 2)..], (ushort)destination.Port);
        return 16 + length;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
