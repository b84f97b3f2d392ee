using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RouteGuide.Balancer.Transport.ProxyProtocol;

/// <summary>
/// Reads what a proxy says of a connection before anything else: HAProxy's PROXY protocol, version 1 (a line of text) or 2 (binary). A header
/// comes in pieces of any size and costs the same small buffer however long it claims to be.
/// </summary>
internal sealed class ProxyHeaderReader
{
    /// <summary>Octets of a line of version 1 with its CR LF (section 2.1 of the specification).</summary>
    public const int LongestLine = 107;

    private const int FixedPart = 16; // of version 2: signature, version and command, family, length
    private const int Ipv4Part = 12;
    private const int Ipv6Part = 36;

    private readonly byte[] _kept = new byte[LongestLine];
    private int _count;
    private int _wanted = FixedPart;
    private bool _isFixedPartRead;
    private int _skip; // octets of type-length-values, and of addresses that mean nothing here

    /// <summary>The client's end; null if the proxy speaks for itself, or does not know.</summary>
    public IPEndPoint? Source { get; private set; }

    /// <summary>What the client connected to; null with <see cref="Source"/>.</summary>
    public IPEndPoint? Destination { get; private set; }

    /// <summary>What is wrong with it, for people.</summary>
    public string? Fault { get; private set; }

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    private static ReadOnlySpan<byte> Word => "PROXY "u8;

    /// <summary>Reads on.</summary>
    /// <param name="octets">What came.</param>
    /// <param name="used">How many of them were the header's.</param>
    public ProxyHeaderStatus Read(ReadOnlySpan<byte> octets, out int used)
    {
        used = 0;
        if (octets.IsEmpty) return ProxyHeaderStatus.Incomplete;
        var first = _count == 0 ? octets[0] : _kept[0];
        return first == Word[0] ? ReadLine(octets, out used) : ReadBinary(octets, out used);
    }

    private ProxyHeaderStatus ReadLine(ReadOnlySpan<byte> octets, out int used)
    {
        var end = octets.IndexOf((byte)'\n');
        used = end < 0 ? octets.Length : end + 1;
        if (_count + used > LongestLine) return Refuse("a line that is too long");
        octets[..used].CopyTo(_kept.AsSpan(_count));
        _count += used;
        if (!Begins(Word)) return Refuse("no PROXY header");
        if (end < 0) return ProxyHeaderStatus.Incomplete;
        if (_count < 2 || _kept[_count - 2] != '\r') return Refuse("a line without CR LF");
        return ReadFields(Encoding.ASCII.GetString(_kept, Word.Length, _count - Word.Length - 2).Split(' '));
    }

    // "UNKNOWN" may be followed by anything, which means nothing.
    private ProxyHeaderStatus ReadFields(string[] fields)
    {
        if (fields[0] == "UNKNOWN") return ProxyHeaderStatus.Complete;
        if (fields is not ["TCP4" or "TCP6", var from, var to, var fromPort, var toPort]) return Refuse("a line without a family, two addresses and two ports");
        var family = fields[0] == "TCP4" ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
        if (!TryParse(from, family, out var source) || !TryParse(to, family, out var destination)) return Refuse("an address that is none");
        if (!TryParse(fromPort, out var sourcePort) || !TryParse(toPort, out var destinationPort)) return Refuse("a port that is none");
        Source = new IPEndPoint(source, sourcePort);
        Destination = new IPEndPoint(destination, destinationPort);
        return ProxyHeaderStatus.Complete;
    }

    private ProxyHeaderStatus ReadBinary(ReadOnlySpan<byte> octets, out int used)
    {
        used = 0;
        Keep(octets, ref used);
        if (!Begins(Signature)) return Refuse("no PROXY header");
        if (_count < _wanted) return ProxyHeaderStatus.Incomplete;
        if (!_isFixedPartRead)
        {
            _isFixedPartRead = true;
            if (ReadFixedPart() is { } fault) return Refuse(fault);
            Keep(octets, ref used);
            if (_count < _wanted) return ProxyHeaderStatus.Incomplete;
        }

        var skipped = Math.Min(_skip, octets.Length - used);
        used += skipped;
        _skip -= skipped;
        if (_skip > 0) return ProxyHeaderStatus.Incomplete;
        ReadAddresses();
        return ProxyHeaderStatus.Complete;
    }

    private void Keep(ReadOnlySpan<byte> octets, ref int used)
    {
        var count = Math.Min(_wanted - _count, octets.Length - used);
        octets.Slice(used, count).CopyTo(_kept.AsSpan(_count));
        _count += count;
        used += count;
    }

    // Null, or what is wrong.
    private string? ReadFixedPart()
    {
        if (_kept[12] is not (0x20 or 0x21)) return "a version or a command that is unknown";
        var isLocal = _kept[12] == 0x20;
        var family = _kept[13];
        if (!isLocal && (family >> 4 > 3 || (family & 0xF) > 2)) return "an address family or a protocol that is unknown";

        // Datagrams and sockets of a file system have addresses, but none that clients of ours can have.
        var addresses = isLocal ? 0 : family switch { 0x11 => Ipv4Part, 0x21 => Ipv6Part, _ => 0 };
        var length = BinaryPrimitives.ReadUInt16BigEndian(_kept.AsSpan(14));
        if (length < addresses) return "less than its addresses take";
        _wanted += addresses;
        _skip = length - addresses;
        return null;
    }

    private void ReadAddresses()
    {
        var part = _kept.AsSpan(FixedPart, _wanted - FixedPart);
        if (part.IsEmpty) return;
        var size = part.Length == Ipv4Part ? 4 : 16;
        Source = new IPEndPoint(new IPAddress(part[..size]), BinaryPrimitives.ReadUInt16BigEndian(part[(2 * size)..]));
        Destination = new IPEndPoint(new IPAddress(part[size..(2 * size)]), BinaryPrimitives.ReadUInt16BigEndian(part[(2 * size + 2)..]));
    }

    private bool Begins(ReadOnlySpan<byte> with)
    {
        var count = Math.Min(_count, with.Length);
        return _kept.AsSpan(0, count).SequenceEqual(with[..count]);
    }

    private ProxyHeaderStatus Refuse(string fault)
    {
        Fault = fault;
        return ProxyHeaderStatus.Malformed;
    }

    // The forms that the specification has, not all that people write: no zeros in front, no scopes.
    private static bool TryParse(string text, AddressFamily family, out IPAddress address)
    {
        var isRight = IPAddress.TryParse(text, out var parsed) && parsed.AddressFamily == family && !text.AsSpan().ContainsAny('%', '[', '/');
        address = parsed ?? IPAddress.None;
        return isRight && (family == AddressFamily.InterNetworkV6 || address.ToString() == text);
    }

    private static bool TryParse(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= IPEndPoint.MaxPort && (text.Length == 1 || text[0] != '0');
}
