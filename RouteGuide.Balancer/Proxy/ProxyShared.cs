using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy;

/// <summary>What the loops share: snapshots, counters, and what may be called by many threads at once.</summary>
/// <param name="Targets">Where calls can go.</param>
/// <param name="Picker">Says where the next one goes.</param>
/// <param name="Suspects">Is told of connections that fail.</param>
/// <param name="Log">Is told of calls that have ended.</param>
/// <param name="Options">How calls are relayed.</param>
/// <param name="Time">For deadlines and durations.</param>
internal sealed record ProxyShared(TargetTable Targets, IPicker Picker, SuspectWatch Suspects, IExchangeLog Log, ProxyOptions Options, TimeProvider Time);
