using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Http2;

/// <summary>
/// What all connections of one event loop share, so that ten thousand idle ones hold next to nothing: interned header fields, pools
/// and scratch memory. Not thread-safe, as only its loop uses it.
/// </summary>
/// <param name="memoryBudget">Octets that what hangs on these connections may hold; see <see cref="MemoryLedger"/>.</param>
internal sealed class Http2Resources(long memoryBudget = long.MaxValue)
{
    // Enough that a loop under load allocates nothing; beyond it objects are left to the garbage collector.
    private const int MaxPooledStreams = 8192;
    private const int MaxPooledLists = 1024;

    // One that has grown beyond it came from a peer that fills its limits, and is not kept for the others.
    private const int MaxPooledListSize = 4096;

    private readonly Stack<Http2Stream> _streams = new();
    private readonly Stack<HeaderList> _lists = new();
    private byte[] _block = [];
    private long _frozen;

    /// <summary>What is held in buffers.</summary>
    public MemoryLedger Memory { get; } = new(memoryBudget);

    public HeaderInterner Interner { get; } = new();

    internal EncodedBlocks EncodedBlocks { get; } = new();

    /// <summary>What a received block is decoded into; good while its handler runs.</summary>
    internal HeaderList Decoded { get; } = new();

    /// <summary>Scratch for the handler's own outgoing list; good until the next use.</summary>
    public HeaderList Outgoing { get; } = new();

    /// <summary>An empty list to keep, for example what a retry would need.</summary>
    public HeaderList RentList() => _lists.TryPop(out var list) ? list : NewList();

    public void Return(HeaderList list)
    {
        if (list.Frozen is not null) return;
        list.Clear();
        if (_lists.Count < MaxPooledLists && list.Capacity <= MaxPooledListSize) _lists.Push(list);
        else Memory.Add(-list.Capacity);
    }

    /// <summary>A copy of a list that never changes again, for what keeps coming.</summary>
    public HeaderList Freeze(HeaderList list) => list.Freeze(++_frozen);

    internal Http2Stream RentStream() => _streams.TryPop(out var stream) ? stream : new Http2Stream(Memory);

    internal void Return(Http2Stream stream)
    {
        stream.Recycle();
        if (_streams.Count < MaxPooledStreams) _streams.Push(stream);
    }

    private HeaderList NewList()
    {
        var list = new HeaderList(Memory);
        Memory.Add(list.Capacity);
        return list;
    }

    /// <summary>Scratch for a header block that needs more than one frame.</summary>
    internal Span<byte> Block(int size)
    {
        if (_block.Length < size) _block = new byte[size];
        return _block;
    }
}
