namespace RouteGuide.Http2.Hpack;

/// <summary>
/// What an encoder knows of the peer's dynamic table. The entries themselves are the peer's: here are only their sizes, to know
/// which are evicted, and a small cache from an entry to when it was inserted. An entry earns its place by being met twice, so that
/// values which differ from call to call do not push out those which repeat.
/// </summary>
/// <remarks>An index is the number of insertions since, so an insertion renumbers nothing: slots hold the count of insertions at the time.</remarks>
internal sealed class EncoderTable
{
    // 128 places are three times the entries that 4,096 octets hold in practice; with four to a set it is rare that one has none. A
    // connection of few calls has far fewer.
    private const int FirstSets = 2;
    private const int MostSets = 32;
    private const int Ways = 4;

    private const long SeenOnce = -1;

    private struct Slot
    {
        public HeaderEntry? Entry;

        /// <summary>The count of insertions after its own, or <see cref="SeenOnce"/>.</summary>
        public long Insertion;
    }

    private Slot[] _cache = []; // allocated with the first entry: idle connections have none
    private int[] _sizes = []; // ring of the sizes of the entries that are in the table
    private long _inserted; // insertions ever
    private int _count;

    /// <summary>Octets that the entries count.</summary>
    public int Size { get; private set; }

    /// <summary>Grows with every change: at the same version every index means the same.</summary>
    public long Version { get; private set; }

    /// <summary>Octets that they may count.</summary>
    public int MaxSize { get; private set; }

    /// <summary>What to do with an entry.</summary>
    /// <returns>Its index (62 and up), 0 to send it as a literal, or -1 to send it as a literal that is inserted: call <see cref="Insert"/>.</returns>
    public int Find(HeaderEntry entry)
    {
        if (_cache.Length == 0)
        {
            if (MaxSize == 0) return 0;
            _cache = new Slot[FirstSets * Ways];
        }

        var set = SetOf(entry);
        foreach (ref var slot in set)
        {
            if (ReferenceEquals(slot.Entry, entry)) return Answer(in slot);
        }

        return FindEqual(set, entry);
    }

    /// <summary>The peer inserts the entry, and so do we.</summary>
    public void Insert(HeaderEntry entry)
    {
        Version++;
        EvictTo(MaxSize - entry.Size);
        if (entry.Size > MaxSize) return;
        if (_count == _sizes.Length) Enlarge();
        _sizes[(int)(_inserted & (_sizes.Length - 1))] = entry.Size;
        _inserted++;
        _count++;
        Size += entry.Size;
        foreach (ref var slot in SetOf(entry))
        {
            if (ReferenceEquals(slot.Entry, entry)) slot.Insertion = _inserted;
        }
    }

    public void Resize(int maxSize)
    {
        Version++;
        MaxSize = maxSize;
        EvictTo(maxSize);
    }

    private Span<Slot> SetOf(HeaderEntry entry) => _cache.AsSpan((entry.Hash & (_cache.Length / Ways - 1)) * Ways, Ways);

    private bool IsLive(in Slot slot) => slot.Insertion > _inserted - _count;

    private int Answer(in Slot slot)
    {
        if (IsLive(in slot)) return StaticTable.Length + 1 + (int)(_inserted - slot.Insertion);
        // Met before (or evicted since): worth a place, unless it would take more than a quarter of the table.
        return slot.Entry!.Size <= MaxSize / 4 ? -1 : 0;
    }

    // Another object with the same content, as when the interner had displaced it, takes the place over; else a place is made.
    private int FindEqual(Span<Slot> set, HeaderEntry entry)
    {
        foreach (ref var slot in set)
        {
            if (slot.Entry is not { } known || known.Hash != entry.Hash || !known.IsSame(entry.Name, entry.Value)) continue;
            slot.Entry = entry;
            return Answer(in slot);
        }

        while (set[^1].Entry is not null && _cache.Length < MostSets * Ways)
        {
            AddSets();
            set = SetOf(entry);
        }

        // The newcomer takes the first place that is not in the table, and whoever was there moves to the next such: the one met longest
        // ago goes. If all are in the table, the one that will be evicted first does.
        var carried = new Slot { Entry = entry, Insertion = SeenOnce };
        var oldest = 0;
        var placed = false;
        for (var i = 0; i < set.Length && carried.Entry is not null; i++)
        {
            if (set[i].Insertion < set[oldest].Insertion) oldest = i;
            if (IsLive(in set[i])) continue;
            (set[i], carried) = (carried, set[i]);
            placed = true;
        }

        if (!placed) set[oldest] = carried;
        return 0;
    }

    // Twice the sets: what shared one is parted by one more bit of the hash, and keeps its order.
    private void AddSets()
    {
        var old = _cache;
        _cache = new Slot[old.Length * 2];
        foreach (ref var slot in old.AsSpan())
        {
            if (slot.Entry is null) continue;
            var set = SetOf(slot.Entry);
            var at = 0;
            while (set[at].Entry is not null) at++;
            set[at] = slot;
        }
    }

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
