namespace RouteGuide.Http2.Streams;

/// <summary>
/// Streams that we reset while the peer was still working on them (client role). To the peer they exist until it has read the RST_STREAM and
/// ended that work; to use their places at once is rapid reset (CVE-2023-44487), and servers close connections for it, with the calls of
/// all clients on them. So each keeps its place until the peer answers a stream that was opened after the reset, or for a moment.
/// </summary>
internal sealed class SettlingResets
{
    private const int MomentMs = 1_000;

    private (long NextId, long AtMs)[] _ring = []; // a power of two, in the order of the resets
    private int _first;

    public int Count { get; private set; }

    /// <param name="nextId">The first stream that can be opened after the reset.</param>
    /// <param name="nowMs">Milliseconds.</param>
    public void Add(long nextId, long nowMs)
    {
        if (Count == _ring.Length)
        {
            var larger = new (long, long)[Math.Max(16, _ring.Length * 2)];
            for (var i = 0; i < Count; i++) larger[i] = _ring[(_first + i) & (_ring.Length - 1)];
            _ring = larger;
            _first = 0;
        }

        _ring[(_first + Count++) & (_ring.Length - 1)] = (nextId, nowMs);
    }

    /// <summary>The peer has answered a stream, and so has read what was sent before it.</summary>
    public void OnAnswer(int streamId)
    {
        while (Count > 0 && _ring[_first].NextId <= streamId) Drop();
    }

    /// <summary>Gives up waiting for what is old enough.</summary>
    public void Expire(long nowMs)
    {
        while (Count > 0 && nowMs - _ring[_first].AtMs >= MomentMs) Drop();
    }

    private void Drop()
    {
        _first = (_first + 1) & (_ring.Length - 1);
        Count--;
    }
}
