using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy;

/// <summary>Which target has the next attempt of a call.</summary>
internal static class TargetChoice
{
    // The algorithm is asked so often before any target will do: those that go by chance, or by a key, may name the same one again.
    private const int Picks = 4;

    /// <summary>Picks a target and enters it. Null when there is none, or none that is worth a further attempt.</summary>
    public static Target? Enter(ProxyGroup group, in PickInput input, List<Target> tried, AttemptFailure? failure)
    {
        while (tried.Count < ProxyOptions.MaxAttempts)
        {
            var snapshot = group.Group.Targets.Current;
            var routable = snapshot.Routable;
            if (routable.IsEmpty) return null;

            var picker = group.Picker;
            var picked = picker.Pick(snapshot, in input, out _);
            if (!tried.Contains(picked) && picked.TryBegin()) return picked;

            var next = input;
            for (var n = 1; n < Picks; n++)
            {
                next = next.Next();
                var other = picker.Pick(snapshot, in next, out _);
                if (!tried.Contains(other) && other.TryBegin()) return other;
            }

            // From anywhere, so that the first one does not get them all.
            var from = (int)(picked.Total % routable.Length);
            for (var n = 0; n < routable.Length; n++)
            {
                var other = routable[(from + n) % routable.Length];
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
