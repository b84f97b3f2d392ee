using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Balancing;

/// <summary>
/// By chance, each target as often as its weight says. Unlike turns it falls into no step with anything periodic; and it is what anomaly
/// mitigation works on: a target that behaves unlike the others has a smaller share.
/// </summary>
internal sealed class WeightedRandom(Dice dice) : IPicker
{
    private readonly PerSnapshot<WeightedDraw> _draw = new(static s => new WeightedDraw(s.Weights));

    public Target Pick(TargetSnapshot snapshot, in PickInput input, out PickNote note)
    {
        note = PickNote.None;
        var bits = dice.Next();
        return snapshot.Routable[snapshot.IsUniform ? Dice.Below(snapshot.Routable.Length, bits) : _draw.Of(snapshot).Draw(bits)];
    }
}
