using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy;

/// <summary>A target group at work.</summary>
/// <param name="group">Its targets and what they speak.</param>
/// <param name="picker">Says where the next request goes; its own, so that the shares within one group do not depend on another's.</param>
/// <param name="suspects">Is told of connections that fail.</param>
/// <param name="outcomes">Are told of attempts that have ended.</param>
internal sealed class ProxyGroup(TargetGroup group, IPicker picker, SuspectWatch suspects, params IOutcomeWatch[] outcomes)
{
    private IPicker _picker = picker;

    public TargetGroup Group { get; } = group;

    /// <summary>May be exchanged while calls are picked for.</summary>
    public IPicker Picker
    {
        get => Volatile.Read(ref _picker);
        set => Volatile.Write(ref _picker, value);
    }

    public SuspectWatch Suspects { get; } = suspects;

    /// <summary>Its targets take any HTTP/2 request, so that nothing need be asked of one.</summary>
    public bool TakesAnyHttp2 { get; } = group.Version == ProtocolVersion.Http2;

    /// <summary>Somebody wants to know what becomes of attempts.</summary>
    public bool IsWatched { get; } = outcomes.Length > 0;

    /// <summary>An attempt has ended. Any thread.</summary>
    public void OnOutcome(Target target, in CallOutcome outcome)
    {
        foreach (var watch in outcomes) watch.OnOutcome(target, in outcome);
    }
}
