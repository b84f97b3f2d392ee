using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy.Stickiness;

/// <summary>What a request says about the target that it belongs to.</summary>
/// <param name="Kind">How it says it.</param>
/// <param name="Value">The hash of the target's name, or of the client's key.</param>
internal readonly record struct Affinity(AffinityKind Kind, ulong Value)
{
    /// <summary>The target among those that take calls; null if it is not there, or was tried already.</summary>
    /// <param name="snapshot">Of the group.</param>
    /// <param name="tried">That the call has been to.</param>
    public Target? Find(TargetSnapshot snapshot, List<Target> tried) => Kind switch
    {
        AffinityKind.Target => FindByName(snapshot.Routable, tried),
        AffinityKind.Key => Rendezvous.Pick(snapshot.Routable, Value, tried),
        _ => null,
    };

    private Target? FindByName(ReadOnlySpan<Target> targets, List<Target> tried)
    {
        foreach (var target in targets)
        {
            if (target.NameHash == Value) return tried.Contains(target) ? null : target;
        }

        return null;
    }
}

internal enum AffinityKind
{
    /// <summary>Any target will do.</summary>
    None,

    /// <summary>A cookie names it.</summary>
    Target,

    /// <summary>It follows from a header field.</summary>
    Key,
}
