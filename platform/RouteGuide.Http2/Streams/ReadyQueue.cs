namespace RouteGuide.Http2.Streams;

/// <summary>The streams that have DATA and window, in the order in which they get their turn. The links are in the streams.</summary>
internal sealed class ReadyQueue
{
    private Http2Stream? _first;
    private Http2Stream? _last;

    public bool IsEmpty => _first is null;

    public void Add(Http2Stream stream)
    {
        if (stream.IsReady) return;
        stream.IsReady = true;
        stream.Previous = _last;
        if (_last is null) _first = stream;
        else _last.Next = stream;
        _last = stream;
    }

    public Http2Stream Take()
    {
        var stream = _first!;
        Remove(stream);
        return stream;
    }

    public void Remove(Http2Stream stream)
    {
        if (!stream.IsReady) return;
        if (stream.Previous is null) _first = stream.Next;
        else stream.Previous.Next = stream.Next;
        if (stream.Next is null) _last = stream.Previous;
        else stream.Next.Previous = stream.Previous;
        stream.Next = stream.Previous = null;
        stream.IsReady = false;
    }
}
