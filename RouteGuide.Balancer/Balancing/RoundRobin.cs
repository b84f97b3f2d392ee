using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Balancing;

/// <summary>
/// Each target in turn, as often as its weight says, well mixed. One counter for the whole balancer, not one per connection or thread, so
/// that after any run of calls over unchanged targets each has its share to within one, however the calls arrive.
/// </summary>
internal sealed class RoundRobin : IPicker
{
    private readonly PerSnapshot<int[]> _turns = new(static s => WeightedTurns.Make(s.Weights));
    private ulong _turn = ulong.MaxValue;

    public Target Pick(TargetSnapshot snapshot, in PickInput input, out PickNote note)
    {
        note = PickNote.None;
        return snapshot.Routable[Next(snapshot)];
    }

    /// <summary>The place of whose turn it is.</summary>
    public int Next(TargetSnapshot snapshot)
    {
        var turn = Interlocked.Increment(ref _turn);
        if (snapshot.IsUniform) return (int)(turn % (uint)snapshot.Routable.Length);
        var turns = _turns.Of(snapshot);
        return turns[turn % (uint)turns.Length];
    }
}
