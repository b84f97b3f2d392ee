namespace RouteGuide.Http2.Hpack;

/// <summary>The dynamic table of a decoder (RFC 7541 section 2.3.2): newest first, evicted from the oldest end.</summary>
internal sealed class DecoderTable(int maxSize)
{
    private HeaderEntry?[] _ring = []; // a power of two, allocated with the first entry
    private int _newest; // where the newest entry is

    public int Count { get; private set; }

    /// <summary>Grows with every change: at the same version every index means the same.</summary>
    public long Version { get; private set; }

    /// <summary>Octets that the entries count (section 4.1).</summary>
    public int Size { get; private set; }

    /// <summary>Octets that they may count.</summary>
    public int MaxSize { get; private set; } = maxSize;

    /// <summary>An entry, or null if there is none.</summary>
    /// <param name="age">0 for the newest.</param>
    public HeaderEntry? Get(int age) => (uint)age < (uint)Count ? _ring[(_newest - age) & (_ring.Length - 1)] : null;

    /// <summary>Adds an entry; one that is larger than the table empties it, which is no error (section 4.4).</summary>
    public void Add(HeaderEntry entry)
    {
        Version++;
        EvictTo(MaxSize - entry.Size);
        if (entry.Size > MaxSize) return;
        if (Count == _ring.Length) Enlarge();
        _newest = (_newest + 1) & (_ring.Length - 1);
        _ring[_newest] = entry;
        Count++;
        Size += entry.Size;
    }

    public void Resize(int maxSize)
    {
        Version++;
        MaxSize = maxSize;
        EvictTo(maxSize);
    }

    private void EvictTo(int size)
    {
        while (Count > 0 && Size > size)
        {
            ref var oldest = ref _ring[(_newest - Count + 1) & (_ring.Length - 1)];
            Size -= oldest!.Size;
            oldest = null;
            Count--;
        }
    }

    private void Enlarge()
    {
        var larger = new HeaderEntry?[Math.Max(16, _ring.Length * 2)];
        for (var age = 0; age < Count; age++) larger[Count - 1 - age] = Get(age);
        _ring = larger;
        _newest = Count - 1;
    }
}
