namespace RouteGuide.Http2;

/// <summary>
/// What the calls and connections of one event loop hold in buffers that a peer can fill: each array is counted in when it is taken and
/// out when it is given back. The limits of a connection bound what one peer can hold; this bounds what all can hold together.
/// </summary>
/// <param name="limit">Octets.</param>
internal sealed class MemoryLedger(long limit = long.MaxValue)
{
    /// <summary>Octets held.</summary>
    public long Held { get; private set; }

    /// <summary>More than half of the limit: those who make others wait get less.</summary>
    public bool IsTight => Held > limit / 2;

    /// <summary>More than the limit: something has to go.</summary>
    public bool IsOver => Held > limit;

    /// <summary>Counts octets in, or out if negative.</summary>
    public void Add(long count) => Held += count;
}
