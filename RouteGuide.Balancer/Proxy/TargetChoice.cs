using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy;

/// <summary>Which target has the next attempt of a call.</summary>
internal static class TargetChoice
{
    /// <summary>Picks a target and enters it. Null when there is none, or none that is worth a further attempt.</summary>
    public static Target? Enter(ProxyGroup group, List<Target> tried, AttemptFailure? failure)
    {
        while (tried.Count < ProxyOptions.MaxAttempts)
        {
            var snapshot = group.Group.Targets.Current;
            var routable = snapshot.Routable;
            if (routable.IsEmpty) return null;

            var picked = group.Picker.Pick(snapshot, default, out _);
            if (!tried.Contains(picked) && picked.TryBegin()) return picked;

            foreach (var other in routable)
            {
                if (!tried.Contains(other) && other.TryBegin()) return other;
            }

            // All were tried. One that refused may take the call on a new connection; one that cannot be reached will not.
            if (failure is { Kind: FailureKind.NotSent }) return null;
            if (failure is not null && picked.TryBegin()) return picked;

            // All gates have just closed: the next snapshot is without those targets.
        }

        return null;
    }
}
