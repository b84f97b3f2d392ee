using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Balancing;

/// <summary>
/// Each target in turn. One counter for the whole balancer, not one per connection or thread, so that the shares of any run of
/// calls over unchanged targets differ by at most one, however the calls arrive.
/// </summary>
internal sealed class RoundRobin : IPicker
{
    private uint _turn = uint.MaxValue;

    public Target Pick(TargetSnapshot snapshot, in PickInput input, out PickNote note)
    {
        note = PickNote.None;
        var routable = snapshot.Routable;
        return routable[(int)(Interlocked.Increment(ref _turn) % (uint)routable.Length)];
    }
}
