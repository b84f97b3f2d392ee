namespace RouteGuide.Balancer.Proxy.Tcp;

/// <summary>A listener in TCP mode, shared by all loops: each connection goes to one target, whatever is said on it.</summary>
internal sealed class TcpFront(TcpRoute route)
{
    private TcpRoute _route = route;

    /// <summary>Where connections go. Those that are there keep their targets when it is exchanged.</summary>
    public TcpRoute Route
    {
        get => Volatile.Read(ref _route);
        set => Volatile.Write(ref _route, value);
    }

    public TcpCounters Counters { get; } = new();
}

/// <summary>Where the connections of a listener go, and how. It never changes.</summary>
/// <param name="Group">Says which target group gets the next one.</param>
/// <param name="Settings">The listener's.</param>
internal sealed record TcpRoute(Func<TcpGroup> Group, TcpSettings Settings);

/// <summary>A target group, as listeners in TCP mode use it.</summary>
/// <param name="Group">Its targets and the algorithm that picks one.</param>
/// <param name="Settings">The group's.</param>
internal sealed record TcpGroup(ProxyGroup Group, TcpGroupSettings Settings);
