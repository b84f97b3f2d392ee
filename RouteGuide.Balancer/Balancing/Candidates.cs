using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Balancing;

/// <summary>
/// Two targets by chance, of which the better one is to get the call: nearly as good as looking at all of them, and balancers that do not
/// know of one another do not all run to the same target (Mitzenmacher 2001). Of equal weights, two different ones; else each is drawn
/// by weight, so both may be the same: then equally good targets get calls exactly by weight.
/// </summary>
internal sealed class Candidates(Dice dice)
{
    private readonly PerSnapshot<WeightedDraw> _draw = new(static s => new WeightedDraw(s.Weights));

    public (int First, int Second) Draw(TargetSnapshot snapshot)
    {
        if (!snapshot.IsUniform)
        {
            var draw = _draw.Of(snapshot);
            return (draw.Draw(dice.Next()), draw.Draw(dice.Next()));
        }

        var count = snapshot.Routable.Length;
        if (count == 1) return (0, 0);
        var first = Dice.Below(count, dice.Next());
        var second = Dice.Below(count - 1, dice.Next());
        return (first, second < first ? second : second + 1);
    }
}
