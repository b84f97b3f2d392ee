using RouteGuide.Http2;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// Every limit of the data path: those of one HTTP/2 connection in <see cref="Http2"/>, those of all connections together here. Each
/// is a setting, <c>Balancer:Limits:NAME</c>; docs/balancer.md lists them.
/// </summary>
internal sealed record ProxyLimits
{
    /// <summary>The limits of each HTTP/2 connection, of clients and to targets.</summary>
    public Http2Limits Http2 { get; init; } = Http2Limits.Default;

    /// <summary>Client connections of the whole balancer; further ones are closed as they are accepted. 20,000: one costs about 50 KiB with TLS.</summary>
    [Limit(1, 1_000_000)]
    public int MaxConnections { get; init; } = 20_000;

    /// <summary>Client connections from one address (of IPv6 the /64, which one host has to itself); 0 is no limit, as many clients may be behind one address.</summary>
    [Limit(0, 1_000_000)]
    public int MaxConnectionsPerAddress { get; init; }

    /// <summary>
    /// Octets that calls and connections may hold in buffers, in all: header fields, bodies kept for a retry, and what waits for a slow reader.
    /// 0 is a quarter of the memory that the process may use. Above half of it slow readers are held to their share and given less patience;
    /// above it the connection that holds the most is closed.
    /// </summary>
    [Limit(0, 1L << 40)]
    public long MemoryBudget { get; init; }

    /// <summary>Connections of one loop to one target; calls beyond what they carry wait. 32, each with as many streams as the target allows.</summary>
    [Limit(1, 1_024)]
    public int MaxConnectionsPerTarget { get; init; } = 32;

    /// <summary>Octets of a request kept for a further attempt; a body that is longer commits the call to its target. 64 KiB: Envoy keeps as much per stream by default.</summary>
    [Limit(0, 256 * 1024)]
    public int ReplayLimit { get; init; } = 64 * 1024;

    /// <summary>Milliseconds for TLS handshakes. 10 s: Kestrel.</summary>
    [Limit(100, 600_000)]
    public int HandshakeTimeoutMs { get; init; } = 10_000;

    /// <summary>Milliseconds that a client's connection may have no stream, whether it answers PINGs or not; 0 is no limit. 60 s: AWS ALB.</summary>
    [Limit(0, 86_400_000)]
    public int IdleTimeoutMs { get; init; } = 60_000;

    /// <summary>Milliseconds without an octet from a client until it is pinged. 10 s: what a vanished client may hold its streams for, with the timeout below.</summary>
    [Limit(1_000, 86_400_000)]
    public int KeepAliveIntervalMs { get; init; } = 10_000;

    /// <summary>Milliseconds without an octet from a client that was pinged, until it is given up. 10 s.</summary>
    [Limit(1_000, 86_400_000)]
    public int KeepAliveTimeoutMs { get; init; } = 10_000;

    /// <summary>Milliseconds that a connection which we have ended is still read from, so that what we said last is not destroyed by a reset. 2 s: nginx lingers for 5.</summary>
    [Limit(0, 60_000)]
    public int LingerTimeoutMs { get; init; } = 2_000;

    /// <summary>Throws if a value is outside its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the limit and its value.</exception>
    public void Validate()
    {
        LimitRanges.Validate(this);
        Http2.Validate();
        // What waits for a target's window is what its client was allowed to send, and what was kept for a further attempt.
        LimitRanges.InRange(Http2.StreamWindow, 0, Http2.MaxPendingPerStream - ReplayLimit, nameof(Http2Limits.StreamWindow));
    }
}
