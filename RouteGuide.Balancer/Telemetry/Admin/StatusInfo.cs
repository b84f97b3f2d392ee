using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Telemetry.Admin;

/// <summary>What the status page shows of how the balancer is put together; what moves is looked up each time.</summary>
/// <param name="Listeners">With the ports that were chosen.</param>
/// <param name="Rules">In the order in which they are asked.</param>
/// <param name="Groups">All target groups, those that no rule leads to included.</param>
/// <param name="TakenOut">Targets of a group that were deregistered by hand and could come back.</param>
internal sealed record StatusInfo(IReadOnlyList<ListenerInfo> Listeners, IReadOnlyList<RuleInfo> Rules, IReadOnlyList<ProxyGroup> Groups, Func<TargetGroup, IEnumerable<TakenOutInfo>> TakenOut);

/// <param name="Name">The target's.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Weight">That it had.</param>
/// <param name="Leased">A replica holds a lease for it.</param>
internal sealed record TakenOutInfo(string Name, TargetAddress Address, int Weight, bool Leased);

/// <param name="Url">Where it listens.</param>
/// <param name="Kind">What for: <c>front</c>, <c>registry</c>, <c>admin</c>.</param>
internal sealed record ListenerInfo(string Url, string Kind);

/// <param name="Listener">Whose it is; <c>*</c> for all.</param>
/// <param name="Priority">A number, or <c>default</c>.</param>
/// <param name="Conditions">In words.</param>
/// <param name="Actions">In words.</param>
internal sealed record RuleInfo(string Listener, string Priority, string Conditions, string Actions);
