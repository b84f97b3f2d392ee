namespace RouteGuide.Balancer.Http2.Hpack;

/// <summary>
/// What an encoder knows of the peer's dynamic table. The entries themselves are the peer's: here are only their sizes, to know
/// which are evicted, and a small direct-mapped cache from an entry to when it was inserted. An entry earns its place by being
/// met twice, so that values which differ from call to call do not push out those which repeat.
/// </summary>
/// <remarks>An index is the number of insertions since, so an insertion renumbers nothing: slots hold the count of insertions at the time.</remarks>
internal sealed class EncoderTable
{
    // Two ways of 64 sets are three times the entries that 4,096 octets hold in practice.
    private const int Sets = 64;

    private const long SeenOnce = -1;

    private (HeaderEntry? Entry, long Insertion)[] _cache = []; // allocated with the first entry: idle connections have none
    private int[] _sizes = []; // ring of the sizes of the entries that are in the table
    private long _inserted; // insertions ever
    private int _count;

    /// <summary>Octets that the entries count.</summary>
    public int Size { get; private set; }

    /// <summary>Octets that they may count.</summary>
    public int MaxSize { get; private set; }

    /// <summary>What to do with an entry.</summary>
    /// <returns>Its index (62 and up), 0 to send it as a literal, or -1 to send it as a literal that is inserted: call <see cref="Insert"/>.</returns>
    public int Find(HeaderEntry entry)
    {
        if (_cache.Length == 0)
        {
            if (MaxSize == 0) return 0;
            _cache = new (HeaderEntry?, long)[Sets * 2];
        }

        var set = (entry.Hash & (Sets - 1)) * 2;
        ref var first = ref _cache[set];
        if (ReferenceEquals(first.Entry, entry)) return Answer(ref first, entry);
        ref var second = ref _cache[set + 1];
        if (ReferenceEquals(second.Entry, entry)) return Answer(ref second, entry);
        return FindEqual(ref first, ref second, entry);
    }

    /// <summary>The peer inserts the entry, and so do we.</summary>
    public void Insert(HeaderEntry entry)
    {
        EvictTo(MaxSize - entry.Size);
        if (entry.Size > MaxSize) return;
        if (_count == _sizes.Length) Enlarge();
        _sizes[(int)(_inserted & (_sizes.Length - 1))] = entry.Size;
        _inserted++;
        _count++;
        Size += entry.Size;
        var set = (entry.Hash & (Sets - 1)) * 2;
        ref var slot = ref ReferenceEquals(_cache[set].Entry, entry) ? ref _cache[set] : ref _cache[set + 1];
        slot = (entry, _inserted);
    }

    public void Resize(int maxSize)
    {
        MaxSize = maxSize;
        EvictTo(maxSize);
    }

    private bool IsLive(long insertion) => insertion > _inserted - _count;

    private int Answer(ref (HeaderEntry? Entry, long Insertion) slot, HeaderEntry entry)
    {
        if (IsLive(slot.Insertion) && slot.Insertion > 0) return StaticTable.Length + 1 + (int)(_inserted - slot.Insertion);
        // Met before (or evicted since): worth a place, unless it would take more than a quarter of the table.
        return entry.Size <= MaxSize / 4 ? -1 : 0;
    }

    // Another object with the same content, as when the interner had displaced it, takes the place over.
    private int FindEqual(ref (HeaderEntry? Entry, long Insertion) first, ref (HeaderEntry? Entry, long Insertion) second, HeaderEntry entry)
    {
        if (IsEqual(first.Entry, entry))
        {
            first.Entry = entry;
            return Answer(ref first, entry);
        }

        if (IsEqual(second.Entry, entry))
        {
            second.Entry = entry;
            return Answer(ref second, entry);
        }

        // The one that is in the table stays, if one of them is.
        ref var victim = ref first.Entry is not null && first.Insertion > 0 && IsLive(first.Insertion) ? ref second : ref first;
        victim = (entry, SeenOnce);
        return 0;
    }

    private static bool IsEqual(HeaderEntry? known, HeaderEntry entry) => known is not null && known.Hash == entry.Hash && known.IsSame(entry.Name, entry.Value);

    private void EvictTo(int size)
    {
        while (_count > 0 && Size > size)
        {
            Size -= _sizes[(int)((_inserted - _count) & (_sizes.Length - 1))];
            _count--;
        }
    }

    private void Enlarge()
    {
        var larger = new int[Math.Max(32, _sizes.Length * 2)];
        for (var insertion = _inserted - _count; insertion < _inserted; insertion++)
            larger[(int)(insertion & (larger.Length - 1))] = _sizes[(int)(insertion & (_sizes.Length - 1))];
        _sizes = larger;
    }
}
