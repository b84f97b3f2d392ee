namespace RouteGuide.Http2.Hpack;

/// <summary>
/// The header blocks that a peer sends again and again. Calls of one kind over one connection have the same octets from the third on,
/// as their fields are in the table by then; for those nothing needs to be decoded or judged again. A block means the same as before if
/// the decoder's table has not changed in between.
/// </summary>
/// <param name="resources">Of the event loop.</param>
internal sealed class RepeatedBlocks(Http2Resources resources)
{
    // Requests of a few kinds, or the headers and trailers of their responses.
    private const int Places = 8;
    private const int LongestBlock = 512;
    private const int LargestList = 2048;
    private const int Misses = 8;

    private struct Place
    {
        public byte[]? Block;
        public HeaderList List;
        public long Version;
    }

    private Place[] _places = []; // allocated with the first block that is worth one: idle connections have none
    private int[] _missed = []; // hashes of blocks that came once
    private int _nextPlace;
    private int _nextMissed;
    private int _last; // the place that was right last time

    /// <summary>The list of a block; null if it has to be decoded.</summary>
    /// <param name="block">As received.</param>
    /// <param name="version">Of the decoder's table.</param>
    public HeaderList? Find(ReadOnlySpan<byte> block, long version)
    {
        if (_places.Length == 0) return null;
        for (var i = 0; i < Places; i++)
        {
            var at = (_last + i) & (Places - 1);
            ref var place = ref _places[at];
            if (place.Version != version || place.Block is null || !block.SequenceEqual(place.Block)) continue;
            _last = at;
            return place.List;
        }

        return null;
    }

    /// <summary>Thinks about a block that had to be decoded, without changing the table.</summary>
    /// <returns>The list to go on with: a frozen one if the block is kept from now on.</returns>
    public HeaderList Consider(ReadOnlySpan<byte> block, HeaderList list, long version)
    {
        if (block.Length > LongestBlock || list.Size > LargestList) return list;
        // Blocks that differ from call to call must not cost an allocation each.
        var place = PlaceOf(block);
        if (place < 0)
        {
            if (!IsSecond(block)) return list;
            place = _nextPlace++ & (Places - 1);
        }

        var frozen = resources.Freeze(list);
        if (_places.Length == 0) _places = new Place[Places];
        _places[place] = new Place { Block = block.ToArray(), List = frozen, Version = version };
        return frozen;
    }

    /// <summary>Lets everything go, as the connection has nothing to do.</summary>
    public void Clear()
    {
        _places = [];
        _missed = [];
    }

    // A block that was known before the table changed is as likely to come again as it was then.
    private int PlaceOf(ReadOnlySpan<byte> block)
    {
        for (var i = 0; i < _places.Length; i++)
        {
            if (_places[i].Block is { } known && block.SequenceEqual(known)) return i;
        }

        return -1;
    }

    private bool IsSecond(ReadOnlySpan<byte> block)
    {
        var code = default(HashCode);
        code.AddBytes(block);
        var hash = code.ToHashCode();
        if (_missed.AsSpan().Contains(hash)) return true;
        if (_missed.Length == 0) _missed = new int[Misses];
        _missed[_nextMissed++ & (Misses - 1)] = hash;
        return false;
    }
}
