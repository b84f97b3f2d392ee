namespace RouteGuide.Balancer.Proxy;

/// <summary>How calls are relayed.</summary>
internal sealed record ProxyOptions
{
    /// <summary>Bytes that a peer may send on one stream before they were read.</summary>
    public const int StreamWindow = 256 * 1024;

    /// <summary>Bytes that a client may send on all streams of one connection before they were read.</summary>
    public const int ConnectionWindow = 4 * 1024 * 1024;

    /// <summary>Streams that a client may have open on one connection.</summary>
    public const int MaxStreamsPerConnection = 1024;

    /// <summary>Targets that one call may be sent to; all but the last have certainly not processed it.</summary>
    public const int MaxAttempts = 3;

    /// <summary>How long a target may take to accept a connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);
}
