namespace RouteGuide.Http2.Hpack;

/// <summary>
/// Decodes header blocks (RFC 7541). A field that the tables hold costs one look-up and no octet of it is touched. A list that grows
/// beyond its limits is decoded to its end all the same, to keep the table in step, but no longer stored.
/// </summary>
/// <param name="maxTableSize">The SETTINGS_HEADER_TABLE_SIZE in force, octets.</param>
/// <param name="interner">Where entries of the dynamic table come from.</param>
internal sealed class HpackDecoder(int maxTableSize, HeaderInterner interner)
{
    private readonly DecoderTable _table = new(maxTableSize);
    private int _limit = maxTableSize;
    private bool _updateDue;
    private long _limitChanges;

    /// <summary>Octets of the dynamic table now.</summary>
    public int TableSize => _table.Size;

    /// <summary>Grows with every change of the table or its limit: at the same version the same block is decoded to the same list.</summary>
    public long Version => _table.Version + _limitChanges;

    /// <summary>The peer has acknowledged another SETTINGS_HEADER_TABLE_SIZE.</summary>
    public void SetLimit(int limit)
    {
        _limit = limit;
        _limitChanges++;
        // Section 4.2: the encoder has to say that it follows, at the beginning of the next block.
        _updateDue |= limit < _table.MaxSize;
    }

    /// <summary>Decodes a complete block.</summary>
    /// <param name="block">HEADERS and its CONTINUATIONs put together.</param>
    /// <param name="list">Empty; receives the fields.</param>
    /// <param name="maxListSize">Octets that the list may count.</param>
    /// <param name="maxFields">Fields that the list may have, crumbs of cookies counted one by one.</param>
    /// <returns>False if the list exceeded a limit: it then holds the fields before that.</returns>
    /// <exception cref="Http2ConnectionException">COMPRESSION_ERROR: the block cannot be decoded (RFC 9113 section 4.3).</exception>
    public bool Decode(ReadOnlySpan<byte> block, HeaderList list, int maxListSize, int maxFields)
    {
        var updates = 0;
        var fits = true;
        var atBeginning = true;
        while (!block.IsEmpty)
        {
            var first = block[0];
            if ((first & 0xe0) == 0x20)
            {
                // Section 4.2: an encoder needs two at most, the smallest size in between and the last.
                if (!atBeginning || ++updates > 2) throw Error("a dynamic table size update that is not at the beginning of the block, or a third");
                UpdateSize(ref block);
                continue;
            }

            if (atBeginning && _updateDue) throw Error("no dynamic table size update though the table was made smaller");
            atBeginning = false;

            if ((first & 0x80) != 0)
            {
                // Nearly every index of a running connection is this one octet.
                var index = first & 0x7f;
                if (index < 0x7f) block = block[1..];
                else if (!HpackInteger.TryRead(ref block, 7, out index)) throw Error("an index that is cut off or too large");
                var entry = Lookup(index);
                fits = fits && Fits(list, entry.Size, maxListSize, maxFields);
                if (fits) list.Add(entry);
                continue;
            }

            fits = Literal(ref block, first, list, fits, maxListSize, maxFields);
        }

        return fits;
    }

    private static bool Fits(HeaderList list, int size, int maxListSize, int maxFields) => list.Count < maxFields && size <= maxListSize - list.Size;

    // Section 6.2: 01 incremental indexing, 0000 without indexing, 0001 never indexed.
    private bool Literal(ref ReadOnlySpan<byte> block, byte first, HeaderList list, bool fits, int maxListSize, int maxFields)
    {
        var indexed = (first & 0x40) != 0;
        var never = (first & 0x10) != 0 && !indexed;
        if (!HpackInteger.TryRead(ref block, indexed ? 6 : 4, out var nameIndex)) throw Error("a name index that is cut off or too large");
        var nameOf = nameIndex > 0 ? Lookup(nameIndex) : null;
        var name = nameOf is null ? RawString.Read(ref block) : default;
        var value = RawString.Read(ref block);

        // Decoded octets go straight into the list; if they are not to stay there, they are not committed and written over.
        if (!fits && !indexed) return false;
        var room = list.Reserve(name.MaxLength + value.MaxLength);
        var nameLength = name.Decode(room);
        var valueLength = value.Decode(room[nameLength..]);
        if (!indexed)
        {
            if (!Fits(list, (nameOf?.Name.Length ?? nameLength) + valueLength + HeaderEntry.Overhead, maxListSize, maxFields)) return false;
            list.Commit(nameOf, nameLength, valueLength, never);
            return true;
        }

        var entry = interner.Intern(nameOf is null ? room[..nameLength] : nameOf.Name, room.Slice(nameLength, valueLength));
        _table.Add(entry);
        fits = fits && Fits(list, entry.Size, maxListSize, maxFields);
        if (fits) list.Add(entry);
        return fits;
    }

    private HeaderEntry Lookup(int index)
    {
        if ((uint)(index - 1) < StaticTable.Length) return StaticTable.Get(index);
        return _table.Get(index - StaticTable.Length - 1) ?? throw Error($"index {index}, where the tables end at {StaticTable.Length + _table.Count}");
    }

    private void UpdateSize(ref ReadOnlySpan<byte> block)
    {
        if (!HpackInteger.TryRead(ref block, 5, out var size)) throw Error("a table size that is cut off or too large");
        if (size > _limit) throw Error($"a dynamic table size of {size}, allowed: at most {_limit}");
        _table.Resize(size);
        _updateDue = false;
    }

    internal static Http2ConnectionException Error(string what) => new(Http2ErrorCode.CompressionError, $"header block with {what}");
}
