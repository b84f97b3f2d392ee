namespace RouteGuide.Http2.Streams;

/// <summary>
/// Octets that may still be sent (RFC 9113 section 6.9). The owner is the sender's side of a stream or a connection. It goes below zero
/// when the peer makes its initial window smaller (section 6.9.2).
/// </summary>
internal struct FlowWindow(int initial)
{
    /// <summary>The size of a window that nobody changed (section 6.9.2).</summary>
    public const int Default = 65_535;

    /// <summary>The largest size of a window (section 6.9.1).</summary>
    public const int Max = int.MaxValue;

    /// <summary>Octets, possibly negative.</summary>
    public int Available { get; private set; } = initial;

    public void Take(int count) => Available -= count;

    /// <summary>Adds a WINDOW_UPDATE, or the (possibly negative) change of the initial size.</summary>
    /// <returns>False if the window would exceed 2^31-1: a flow control error.</returns>
    public bool TryAdd(int increment)
    {
        var sum = (long)Available + increment;
        if (sum > Max) return false;
        Available = (int)Math.Max(sum, int.MinValue);
        return true;
    }
}
