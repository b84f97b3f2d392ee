using RouteGuide.Balancer.Proxy.Stickiness;

namespace RouteGuide.Balancer.Proxy;

/// <summary>Where one call goes. It stays so whatever becomes of the configuration meanwhile.</summary>
/// <param name="Rule">By which.</param>
/// <param name="Group">Of the rule's.</param>
/// <param name="Affinity">Which target of the group it belongs to, if to any.</param>
internal readonly record struct CallRoute(ProxyRule Rule, ProxyGroup Group, Affinity Affinity)
{
    /// <summary>Its response may get cookies.</summary>
    public bool SetsCookies => Rule.Stickiness is not null || Group.Stickiness is { SetsCookies: true };
}
