using RouteGuide.Balancer.Transport.Tls;

namespace RouteGuide.Balancer.Proxy;

/// <summary>How calls are relayed.</summary>
internal sealed record ProxyOptions
{
    /// <summary>Targets that one call may be sent to; all but the last have certainly not processed it.</summary>
    public const int MaxAttempts = 3;

    /// <summary>Milliseconds without an octet from a target that has calls, until it is pinged.</summary>
    public const int TargetQuietMs = 10_000;

    /// <summary>Milliseconds for a target's answer to a PING. 20 s: gRPC's own keep-alive. A busy single-threaded target needs its time.</summary>
    public const int TargetPingTimeoutMs = 20_000;

    /// <summary>
    /// Milliseconds between PINGs to a target that has sent neither headers nor data in between. gRPC servers end connections with more
    /// than two within 5 minutes of each other: ENHANCE_YOUR_CALM, "too_many_pings" (gRFC A8). What they send sets their count to zero.
    /// </summary>
    public const int TargetPingSpacingMs = 310_000;

    /// <summary>Milliseconds at most until a target that cannot be reached is tried again.</summary>
    public const int LongestReconnectDelayMs = 2_000;

    /// <summary>Milliseconds after which a connection to a target counts as a good one, which is replaced at once when it ends.</summary>
    public const int LastingConnectionMs = 1_000;

    /// <summary>Milliseconds that connections to a named host live, as a name may come to mean another address. Calls that run are not cut.</summary>
    public const int NamedTargetLifetimeMs = 5 * 60_000;

    /// <summary>Every limit of both kinds of connections.</summary>
    public ProxyLimits Limits { get; init; } = new();

    /// <summary>How long a target may take to accept a connection, TLS included, and then to send its SETTINGS.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a client's connection takes new calls, one tenth more or less so that those made together do not end together; zero for ever.
    /// Clients that never leave would never meet a balancer that was added later, nor a name's new addresses.
    /// </summary>
    public TimeSpan MaxConnectionAge { get; init; }

    /// <summary>Calls after which a client's connection takes no more, give or take those that are on their way; 0 for no limit.</summary>
    public int MaxRequestsPerConnection { get; init; }

    /// <summary>How targets are reached whose address is https.</summary>
    public TargetTls TargetTls { get; init; } = TargetTls.Default;

    /// <summary>Event loops, 1 to 256; one per core by default.</summary>
    public int Loops { get; init; } = Math.Min(256, Environment.ProcessorCount);

    /// <summary>Managed sockets alone, also on Linux.</summary>
    public bool PortableTransport { get; init; }
}
