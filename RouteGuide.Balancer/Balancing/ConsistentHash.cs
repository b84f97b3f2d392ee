using RouteGuide.Balancer.Balancing.Hashing;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Balancing;

/// <summary>
/// Calls with the same key go to the same target, for caches and state that a replica holds; when targets come or go, few keys move. It goes
/// by the targets' addresses and configured weights alone, so that balancers that see the same targets agree, and a slow start does not move
/// keys twice. Calls without a key have their turns as with round_robin. The table is made at the first pick after the targets have changed.
/// </summary>
/// <param name="makeTable">Of a hash and a weight for each target, in an order that is the same everywhere.</param>
internal sealed class ConsistentHash(Func<ulong[], double[], IHashTable> makeTable) : IPicker
{
    private readonly RoundRobin _turns = new();
    private Table? _last;

    public Target Pick(TargetSnapshot snapshot, in PickInput input, out PickNote note)
    {
        if (!input.HasHash) return _turns.Pick(snapshot, in input, out note);
        note = PickNote.None;
        var table = Volatile.Read(ref _last);
        if (table?.Snapshot != snapshot) table = Make(snapshot, table);
        return table.Targets[table.Places.Find(input.Hash)];
    }

    // Much of what changes about targets leaves their places as they are.
    private Table Make(TargetSnapshot snapshot, Table? before)
    {
        var targets = snapshot.Routable.ToArray();
        Array.Sort(targets, static (a, b) => string.CompareOrdinal(a.Address.Authority, b.Address.Authority) is not 0 and var order ? order : string.CompareOrdinal(a.Name, b.Name));
        double[] weights = [.. targets.Select(t => (double)t.Weight)];
        var stays = before is not null && before.Targets.AsSpan().SequenceEqual(targets) && before.Weights.AsSpan().SequenceEqual(weights);
        var places = stays ? before!.Places : makeTable([.. targets.Select(t => XxHash64.Of(t.Address.Authority))], weights);
        var made = new Table(snapshot, targets, weights, places);
        Volatile.Write(ref _last, made);
        return made;
    }

    private sealed record Table(TargetSnapshot Snapshot, Target[] Targets, double[] Weights, IHashTable Places);
}
