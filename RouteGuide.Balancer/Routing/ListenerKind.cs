using Microsoft.AspNetCore.Http.Features;

namespace RouteGuide.Balancer.Routing;

/// <summary>What a connection was accepted for.</summary>
internal enum ListenerKind
{
    /// <summary>Clients: everything but the health page is relayed to the targets.</summary>
    Front,

    /// <summary>Replicas: the registry, and nothing else.</summary>
    Registry,
}

/// <summary>
/// Tells on each connection which listener accepted it. It is set where the socket is bound, so nothing that a peer sends, no host
/// name and no path, can turn the one into the other. A connection without it counts as <see cref="ListenerKind.Front"/>.
/// </summary>
internal sealed record ListenerFeature(ListenerKind Kind)
{
    public static ListenerKind Of(IFeatureCollection features) => features.Get<ListenerFeature>()?.Kind ?? ListenerKind.Front;
}
