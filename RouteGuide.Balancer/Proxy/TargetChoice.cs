using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Proxy.Stickiness;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy;

/// <summary>Which target has the next attempt of a call.</summary>
internal static class TargetChoice
{
    // The algorithm is asked so often before any target will do: those that go by chance, or by a key, may name the same one again.
    private const int Picks = 4;

    /// <summary>Picks a target and enters it. Null when there is none, or none that is worth a further attempt.</summary>
    /// <param name="route">To whose targets, and which of them first.</param>
    /// <param name="input">What the choice depends on.</param>
    /// <param name="tried">Where the call was sent before.</param>
    /// <param name="again">One of those will do, if there is no other: who refused a call may take it on a new connection; who cannot be reached will not.</param>
    /// <param name="isFull">There is one, but no room.</param>
    public static Target? Enter(in CallRoute route, in PickInput input, List<Target> tried, bool again, out bool isFull)
    {
        // Nobody goes ahead of those who wait.
        isFull = route.Group.Queue.Count > 0;
        return isFull ? null : Choose(route.Group, route.Affinity, in input, tried, again, out isFull);
    }

    /// <summary>The same for a call that waits in the group's queue: it takes the first room that there is, wherever its client was before.</summary>
    public static Target? EnterForQueue(ProxyGroup group, QueuedCall call) => Choose(group, default, call.Input, call.Tried, again: true, out _);

    private static Target? Choose(ProxyGroup group, Affinity affinity, in PickInput input, List<Target> tried, bool again, out bool isFull)
    {
        isFull = false;
        var most = group.Queue.Most;
        while (true)
        {
            var snapshot = group.Group.Targets.Current;
            var routable = snapshot.Routable;
            if (routable.IsEmpty) return null;

            // Where the client was before, if that still takes calls.
            if (affinity.Kind != AffinityKind.None && affinity.Find(snapshot, tried) is { } before && before.TryBegin(most)) return before;

            var picker = group.Picker;
            var picked = picker.Pick(snapshot, in input, out var note);
            if (group.Explains) group.Explain(picked, in note);
            if (!tried.Contains(picked) && picked.TryBegin(most)) return picked;

            var next = input;
            for (var n = 1; n < Picks; n++)
            {
                next = next.Next();
                var other = picker.Pick(snapshot, in next, out _);
                if (!tried.Contains(other) && other.TryBegin(most)) return other;
            }

            if (EnterAny(routable, picked, tried, most) is { } any) return any;
            if (again && tried.Count > 0 && (picked.TryBegin(most) ? picked : EnterAny(routable, picked, [], most)) is { } known) return known;
            if (most < int.MaxValue && IsOpen(routable, again ? [] : tried)) isFull = true;
            if (isFull || (!again && AreTried(routable, tried))) return null;

            // All gates have just closed: the next snapshot is without those targets.
        }
    }

    // From anywhere, so that the first one does not get them all.
    private static Target? EnterAny(ReadOnlySpan<Target> routable, Target picked, List<Target> tried, int most)
    {
        var from = (int)(picked.Total % routable.Length);
        for (var n = 0; n < routable.Length; n++)
        {
            var other = routable[(from + n) % routable.Length];
            if (!tried.Contains(other) && other.TryBegin(most)) return other;
        }

        return null;
    }

    private static bool IsOpen(ReadOnlySpan<Target> routable, List<Target> tried)
    {
        foreach (var target in routable)
        {
            if (!target.IsClosed && !tried.Contains(target)) return true;
        }

        return false;
    }

    private static bool AreTried(ReadOnlySpan<Target> routable, List<Target> tried)
    {
        foreach (var target in routable)
        {
            if (!tried.Contains(target)) return false;
        }

        return true;
    }
}
