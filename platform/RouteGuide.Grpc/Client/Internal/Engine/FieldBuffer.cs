using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Grpc.Core;
using Grpc.Internal;
using RouteGuide.Http2.Hpack;

namespace Grpc.Net.Client.Internal.Engine;

/// <summary>
/// The fields of one request beyond those that all requests of its method have: written where the call is made, read by the loop that sends
/// it, as octets in one pooled buffer. A name that comes again is one field, its values joined with commas; binary ones stay apart, as other
/// implementations do not take them joined.
/// </summary>
internal sealed class FieldBuffer : IFieldSink, IDisposable
{
    // Before each field: whether it counts, the length of its name, that of its value.
    private const int PrefixSize = 1 + sizeof(int) + sizeof(int);

    private readonly PooledBuffer _octets = new();

    /// <summary>What the application adds to the user agent; null for nothing.</summary>
    public string? UserAgent { get; set; }

    public bool Contains(string name) => Find(name) >= 0;

    public void Add(string name, string value)
    {
        // HTTP/2 has the authority elsewhere and no fields about connections (RFC 9113 section 8.2.2).
        if (name is "host" or "connection" or "keep-alive" or "proxy-connection" or "transfer-encoding" or "upgrade") return;
        if (!name.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal) && Find(name) is >= 0 and var at)
        {
            var before = Read(at, out _, out _);
            value = $"{Encoding.ASCII.GetString(before)}, {value}";
            _octets.WrittenSpan[at] = 0;
        }

        Append(name, value);
    }

    /// <summary>Writes the fields behind those of a list.</summary>
    public void CopyTo(HeaderList list)
    {
        for (var at = 0; at < _octets.Length;)
        {
            var counts = _octets.WrittenSpan[at] == 1;
            var value = Read(at, out var name, out var next);
            at = next;
            // What must not be guessed from how well it compresses (RFC 7541 section 7.1.3).
            if (counts) list.Add(name, value, neverIndexed: name.SequenceEqual("authorization"u8) || name.SequenceEqual("cookie"u8));
        }
    }

    public void Dispose() => _octets.Dispose();

    private int Find(string name)
    {
        for (var at = 0; at < _octets.Length;)
        {
            Read(at, out var known, out var next);
            if (_octets.WrittenSpan[at] == 1 && Ascii.Equals(known, name)) return at;
            at = next;
        }

        return -1;
    }

    private ReadOnlySpan<byte> Read(int at, out ReadOnlySpan<byte> name, out int next)
    {
        var octets = _octets.WrittenSpan[at..];
        var nameLength = BinaryPrimitives.ReadInt32LittleEndian(octets[1..]);
        var valueLength = BinaryPrimitives.ReadInt32LittleEndian(octets[(1 + sizeof(int))..]);
        name = octets.Slice(PrefixSize, nameLength);
        next = at + PrefixSize + nameLength + valueLength;
        return octets.Slice(PrefixSize + nameLength, valueLength);
    }

    private void Append(string name, string value)
    {
        var size = PrefixSize + name.Length + value.Length;
        var octets = _octets.GetSpan(size);
        octets[0] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(octets[1..], name.Length);
        BinaryPrimitives.WriteInt32LittleEndian(octets[(1 + sizeof(int))..], value.Length);
        if (Ascii.FromUtf16(name, octets[PrefixSize..], out _) != OperationStatus.Done || Ascii.FromUtf16(value, octets[(PrefixSize + name.Length)..], out _) != OperationStatus.Done)
            throw new InvalidOperationException($"The value of the metadata key '{name}' has characters that cannot be sent: only printable ASCII can.");
        _octets.Advance(size);
    }
}
