namespace RouteGuide.Http2.Streams;

/// <summary>The streams that are not closed, by id: open addressing with linear probing, no more than half full.</summary>
internal sealed class StreamTable
{
    private Http2Stream?[] _slots = []; // a power of two, allocated with the first stream

    public int Count { get; private set; }

    public Http2Stream? Find(int id)
    {
        if (Count == 0) return null;
        for (var i = Home(id); ; i = Next(i))
        {
            var stream = _slots[i];
            if (stream is null || stream.Id == id) return stream;
        }
    }

    public void Add(Http2Stream stream)
    {
        if ((Count + 1) * 2 > _slots.Length) Enlarge();
        Count++;
        Place(stream);
    }

    public void Remove(int id)
    {
        if (Count == 0) return;
        var hole = Home(id);
        while (_slots[hole] is { } stream && stream.Id != id) hole = Next(hole);
        if (_slots[hole] is null) return;

        // What lies behind moves up unless it would come before its home, so that no search ends early.
        for (var i = Next(hole); _slots[i] is { } other; i = Next(i))
        {
            if (((i - Home(other.Id)) & (_slots.Length - 1)) < ((i - hole) & (_slots.Length - 1))) continue;
            _slots[hole] = other;
            hole = i;
        }

        _slots[hole] = null;
        Count--;
    }

    /// <summary>Fills <paramref name="into"/> with the streams that are there, so that the caller may close them as it goes.</summary>
    public void CopyTo(List<Http2Stream> into)
    {
        foreach (var stream in _slots)
        {
            if (stream is not null) into.Add(stream);
        }
    }

    /// <summary>Adds up something of all streams.</summary>
    public long Sum(Func<Http2Stream, long> of)
    {
        var sum = 0L;
        foreach (var stream in _slots)
        {
            if (stream is not null) sum += of(stream);
        }

        return sum;
    }

    // Ids of one connection are all odd or all even: halves of them are consecutive.
    private int Home(int id) => (id >> 1) & (_slots.Length - 1);

    private int Next(int slot) => (slot + 1) & (_slots.Length - 1);

    private void Place(Http2Stream stream)
    {
        var i = Home(stream.Id);
        while (_slots[i] is not null) i = Next(i);
        _slots[i] = stream;
    }

    private void Enlarge()
    {
        var old = _slots;
        _slots = new Http2Stream?[Math.Max(8, old.Length * 2)];
        foreach (var stream in old)
        {
            if (stream is not null) Place(stream);
        }
    }
}
