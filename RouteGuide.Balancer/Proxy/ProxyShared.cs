using RouteGuide.Balancer.Proxy.Metering;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>What the loops share: snapshots, counters, and what may be called by many threads at once.</summary>
/// <param name="Routes">Where calls go at first, of listeners that have no routes of their own.</param>
/// <param name="Log">Is told of calls that have ended.</param>
/// <param name="Options">How calls are relayed.</param>
/// <param name="Time">For deadlines and durations.</param>
internal sealed record ProxyShared(ProxyRoutes Routes, IExchangeLog Log, ProxyOptions Options, TimeProvider Time)
{
    /// <summary>The listener of connections that came to no other.</summary>
    public ProxyListener Listener { get; } = new("default", Routes);

    /// <summary>All target groups at work.</summary>
    public ProxyGroups Groups => Routes.AllGroups;

    /// <summary>Makes connections to targets.</summary>
    public IConnector Connector { get; init; } = RouteGuide.Http2.Transport.Connector.Sockets;

    /// <summary>Which calls get a span.</summary>
    public TraceSampling Sampling { get; init; } = new();

    /// <summary>What is counted.</summary>
    public MeterBook Meters { get; init; } = new(Time);
}
