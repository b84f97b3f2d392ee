namespace RouteGuide.Http2.Streams;

/// <summary>How a stream that is no longer in the table ended.</summary>
internal enum StreamEnding : byte
{
    /// <summary>Both sides sent END_STREAM (or the id was skipped): nothing may follow.</summary>
    Ended,

    /// <summary>We reset it: what the peer sent before it knew is ignored (RFC 9113 section 5.1).</summary>
    ResetByUs,

    /// <summary>The peer reset it: nothing may follow.</summary>
    ResetByPeer,

    /// <summary>So long ago that it is not known any more: treated as <see cref="ResetByUs"/>.</summary>
    Forgotten,
}

/// <summary>Remembers the streams that were reset, as many as fit; of all other closed streams nothing need be kept.</summary>
/// <param name="capacity">Streams.</param>
internal sealed class ClosedStreams(int capacity)
{
    private (int Id, StreamEnding Ending)[] _ring = []; // allocated with the first reset, grown to the capacity
    private int _next;
    private int _forgottenUpTo; // the highest id that had to make room

    public void Remember(int streamId, StreamEnding ending)
    {
        // One that the peer reset and then used again is reset by us, once: what counts is the last.
        foreach (ref var known in _ring.AsSpan())
        {
            if (known.Id != streamId) continue;
            known.Ending = ending;
            return;
        }

        if (_next == _ring.Length)
        {
            if (_ring.Length < capacity) Array.Resize(ref _ring, Math.Min(capacity, Math.Max(8, _ring.Length * 2)));
            else _next = 0;
        }

        ref var slot = ref _ring[_next++];
        _forgottenUpTo = Math.Max(_forgottenUpTo, slot.Id);
        slot = (streamId, ending);
    }

    public StreamEnding EndingOf(int streamId)
    {
        foreach (var (id, ending) in _ring)
        {
            if (id == streamId) return ending;
        }

        return streamId <= _forgottenUpTo ? StreamEnding.Forgotten : StreamEnding.Ended;
    }
}
