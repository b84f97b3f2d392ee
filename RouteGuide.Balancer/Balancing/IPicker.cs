using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Balancing;

/// <summary>An algorithm that says where the next call goes. Called by many threads at once.</summary>
internal interface IPicker
{
    /// <summary>Chooses one of at least one target.</summary>
    Target Pick(ReadOnlySpan<Target> routable);
}
