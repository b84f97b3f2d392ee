using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Balancing;

/// <summary>Of two targets that are drawn by chance, the one with fewer calls for its weight. Costs the same with a thousand targets as with two.</summary>
internal sealed class PowerOfTwoChoices(Dice dice) : IPicker
{
    private readonly Candidates _candidates = new(dice);

    public Target Pick(TargetSnapshot snapshot, in PickInput input, out PickNote note)
    {
        var (first, second) = _candidates.Draw(snapshot);
        var targets = snapshot.Routable;
        var (one, other) = (targets[first], targets[second]);
        if (first == second)
        {
            note = PickNote.None;
            return one;
        }

        var (score, rival) = (one.InFlight / snapshot.Weights[first], other.InFlight / snapshot.Weights[second]);
        // Equals: the one drawn first, so that chance decides, and the weight.
        var keeps = score <= rival;
        note = keeps ? new PickNote(score, other, rival) : new PickNote(rival, one, score);
        return keeps ? one : other;
    }
}
