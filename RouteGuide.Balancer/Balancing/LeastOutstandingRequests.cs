using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Balancing;

/// <summary>
/// The target with the fewest calls for its weight, the new one included. Counted are those of the whole balancer, from the pick until the
/// trailers: a call that waits for a connection counts, and so does a stream that is silent. Whose turn it is has the call if it has none;
/// so idle targets get calls by weight, where else the heaviest would get all. Looks at every target once there are calls: with hundreds,
/// power_of_two_choices costs less. Two threads that pick at the same moment may choose the same target.
/// </summary>
internal sealed class LeastOutstandingRequests : IPicker
{
    private readonly RoundRobin _turns = new();

    public Target Pick(TargetSnapshot snapshot, in PickInput input, out PickNote note)
    {
        var targets = snapshot.Routable;
        var weights = snapshot.Weights;
        var first = _turns.Next(snapshot);
        var (best, score) = (first, 1 / weights[first]);
        if (targets[first].InFlight == 0)
        {
            note = new PickNote(score, null, double.NaN);
            return targets[first];
        }

        var (rival, rivalScore) = (-1, double.PositiveInfinity);
        score = double.PositiveInfinity;
        // From whose turn it is, so that of equals not always the first one is chosen.
        for (var n = 0; n < targets.Length; n++)
        {
            var i = first + n < targets.Length ? first + n : first + n - targets.Length;
            var busy = (targets[i].InFlight + 1) / weights[i];
            if (busy < score) (best, score, rival, rivalScore) = (i, busy, score < double.PositiveInfinity ? best : -1, score);
            else if (busy < rivalScore) (rival, rivalScore) = (i, busy);
        }

        note = rival < 0 ? new PickNote(score, null, double.NaN) : new PickNote(score, targets[rival], rivalScore);
        return targets[best];
    }
}
