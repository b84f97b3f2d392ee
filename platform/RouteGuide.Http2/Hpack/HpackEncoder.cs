namespace RouteGuide.Http2.Hpack;

/// <summary>
/// Encodes header lists (RFC 7541). Relaying a field that came out of a decoder's table is a look-up from its entry to the index that
/// the peer has for it; everything else is a copy of octets. Huffman is used where it is paid for once, on insertion.
/// </summary>
internal sealed class HpackEncoder
{
    /// <summary>The table size that both ends begin with (RFC 9113 section 6.5.2).</summary>
    public const int InitialTableSize = 4096;

    private readonly EncoderTable _table = new();
    private readonly int _maxTableSize;
    private int _smallest = InitialTableSize; // smallest size since the last block
    private bool _resized;
    private readonly EncodedBlocks? _blocks;
    private readonly long _id;
    private bool _settled; // the block would be the same the next time

    /// <param name="maxTableSize">Octets of table that we use even if the peer offers more: what a peer can make us keep.</param>
    /// <param name="blocks">Where blocks of frozen lists are kept; null to encode each.</param>
    public HpackEncoder(int maxTableSize, EncodedBlocks? blocks = null)
    {
        _maxTableSize = maxTableSize;
        _blocks = blocks;
        _id = blocks?.NewEncoder() ?? 0;
        _table.Resize(InitialTableSize);
        SetPeerLimit(InitialTableSize);
    }

    /// <summary>Octets that the peer's table holds of ours.</summary>
    public int TableSize => _table.Size;

    /// <summary>The peer's SETTINGS_HEADER_TABLE_SIZE; the next block says what became of it (RFC 7541 section 4.2).</summary>
    public void SetPeerLimit(int limit)
    {
        var size = Math.Min(limit, _maxTableSize);
        if (size == _table.MaxSize && !_resized) return;
        _smallest = _resized ? Math.Min(_smallest, size) : size;
        _resized = true;
        _table.Resize(size);
    }

    /// <summary>Octets that <see cref="Encode"/> writes at most for a list.</summary>
    public static int MaxEncodedLength(HeaderList list) => list.Size + 2 * HpackInteger.MaxLength; // the 32 of each field cover its three integers

    /// <summary>Encodes a list and returns the octets written.</summary>
    /// <param name="list">The fields.</param>
    /// <param name="destination">Room for <see cref="MaxEncodedLength"/> octets.</param>
    public int Encode(HeaderList list, Span<byte> destination)
    {
        if (list.Frozen is not { } frozen || _blocks is null || _resized) return EncodeFields(list, destination);
        var known = _blocks.Copy(frozen.Id, _id, _table.Version, destination);
        if (known > 0) return known;
        _settled = true;
        var written = EncodeFields(list, destination);
        if (_settled) _blocks.Keep(frozen.Id, _id, _table.Version, destination[..written]);
        return written;
    }

    /// <summary>Encodes one more field, which is not worth a place in the table.</summary>
    /// <returns>Octets written; <see cref="HeaderEntry.Overhead"/> more than those of the field at most.</returns>
    public static int EncodeLiteral(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, Span<byte> destination)
    {
        destination[0] = 0;
        var written = 1 + WriteRaw(name, destination[1..]);
        return written + WriteRaw(value, destination[written..]);
    }

    private int EncodeFields(HeaderList list, Span<byte> destination)
    {
        var written = _resized ? WriteSizeUpdates(destination) : 0;
        foreach (ref readonly var field in list.Fields)
        {
            if (field.IsEntry && !field.NeverIndexed)
            {
                var entry = field.Entry!;
                if (entry.StaticIndex > 0)
                {
                    destination[written++] = (byte)(0x80 | entry.StaticIndex);
                    continue;
                }

                var index = _table.Find(entry);
                if (index > 0)
                {
                    if (index < 0x7f) destination[written++] = (byte)(0x80 | index);
                    else written += HpackInteger.Write(destination[written..], 0x80, 7, index);
                    continue;
                }

                // Met for the first time, or inserted just now: it will be another block the next time.
                if (index < 0 || entry.Size <= _table.MaxSize / 4) _settled = false;
                if (index < 0)
                {
                    written += WriteInserted(entry, destination[written..]);
                    continue;
                }
            }

            written += WriteLiteral(list, in field, destination[written..]);
        }

        return written;
    }

    private int WriteSizeUpdates(Span<byte> destination)
    {
        var written = 0;
        if (_smallest < _table.MaxSize) written = HpackInteger.Write(destination, 0x20, 5, _smallest);
        written += HpackInteger.Write(destination[written..], 0x20, 5, _table.MaxSize);
        _resized = false;
        return written;
    }

    // Section 6.2.1
    private int WriteInserted(HeaderEntry entry, Span<byte> destination)
    {
        _table.Insert(entry);
        var written = HpackInteger.Write(destination, 0x40, 6, entry.StaticNameIndex);
        if (entry.StaticNameIndex == 0) written += WriteShort(entry.Name, destination[written..]);
        return written + WriteShort(entry.Value, destination[written..]);
    }

    // Sections 6.2.2 and 6.2.3
    private static int WriteLiteral(HeaderList list, in HeaderField field, Span<byte> destination)
    {
        var nameIndex = field.Entry?.StaticNameIndex ?? 0;
        var written = HpackInteger.Write(destination, field.NeverIndexed ? (byte)0x10 : (byte)0x00, 4, nameIndex);
        if (nameIndex == 0) written += WriteRaw(list.Name(in field), destination[written..]);
        return written + WriteRaw(list.Value(in field), destination[written..]);
    }

    private static int WriteRaw(ReadOnlySpan<byte> value, Span<byte> destination)
    {
        var written = HpackInteger.Write(destination, 0x00, 7, value.Length);
        value.CopyTo(destination[written..]);
        return written + value.Length;
    }

    private static int WriteShort(ReadOnlySpan<byte> value, Span<byte> destination)
    {
        var length = HuffmanEncoder.EncodedLength(value);
        if (length >= value.Length) return WriteRaw(value, destination);
        var written = HpackInteger.Write(destination, 0x80, 7, length);
        return written + HuffmanEncoder.Encode(value, destination[written..]);
    }
}
