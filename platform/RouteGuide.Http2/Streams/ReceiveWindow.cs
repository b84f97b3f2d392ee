using System.Diagnostics;

namespace RouteGuide.Http2.Streams;

/// <summary>
/// Octets the peer may still send, and when to let it send more: credit is given back in one WINDOW_UPDATE once half of the window has been
/// consumed, which keeps the peer sending and the updates rare.
/// </summary>
internal struct ReceiveWindow(int size)
{
    private int _available = size; // what the peer may send; negative after the size was lowered
    private int _consumed; // octets done with, not yet given back

    /// <summary>What the window is kept at, octets.</summary>
    public int Size { get; private set; } = size;

    /// <summary>What the peer may send now, octets.</summary>
    public readonly int Available => _available;

    /// <summary>What the peer may send now and what it will be given back without further consumption, octets.</summary>
    public readonly int Credit => _available + _consumed;

    /// <summary>Counts a DATA frame, padding included.</summary>
    /// <returns>False if the peer sent more than it may: a flow control error (RFC 9113 section 6.9.1).</returns>
    public bool TryTake(int count)
    {
        if (count > _available) return false;
        _available -= count;
        return true;
    }

    /// <summary>Octets received before have been dealt with.</summary>
    /// <returns>The increment of the WINDOW_UPDATE to send now, or 0.</returns>
    public int Consume(int count)
    {
        Debug.Assert(count >= 0, "consumption is counted up");
        _consumed += count;
        Debug.Assert((long)_available + _consumed <= Size, "more is given back than was received");
        if (_consumed < Math.Max(1, Size / 2)) return 0;
        var increment = _consumed;
        _consumed = 0;
        _available += increment;
        return increment;
    }

    /// <summary>Changes the size, as our SETTINGS_INITIAL_WINDOW_SIZE or a WINDOW_UPDATE tells the peer.</summary>
    public void Resize(int size)
    {
        _available += size - Size;
        Size = size;
    }
}
