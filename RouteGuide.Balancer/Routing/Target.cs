using System.Diagnostics.CodeAnalysis;
using RouteGuide.Balancer.Routing.Metering;

namespace RouteGuide.Balancer.Routing;

/// <summary>
/// One process that answers calls. What may change about it (draining, suspect) stands in the <see cref="TargetSnapshot"/>;
/// here are its name, its counters and the gate that every call to it passes.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A source without a timer holds nothing that would have to be let go of.")]
internal sealed class Target(string name, TargetAddress address, bool leased)
{
    private const int ClosedBit = int.MinValue;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _expiry = new();

    // The calls in flight; the sign bit says that the gate is closed. One word, so that no call slips in beside a closing gate.
    private int _gate;
    private long _total;
    private int _weight = 1;

    /// <summary>The replica's name, or the address of a configured target.</summary>
    public string Name { get; } = name;

    public TargetAddress Address { get; } = address;

    /// <summary>The same for the same name, in every balancer.</summary>
    public ulong NameHash { get; } = StableHash.OfName(name);

    /// <summary>Held by a lease, not by configuration.</summary>
    public bool Leased { get; } = leased;

    /// <summary>Its share beside the others' of its group, 1 to 999; 1 by default. A change counts from the next <see cref="TargetSnapshot"/> on.</summary>
    public int Weight
    {
        get => Volatile.Read(ref _weight);
        set => Volatile.Write(ref _weight, value);
    }

    /// <summary>What is learned from its calls.</summary>
    public TargetLoad Load { get; } = new();

    /// <summary>Calls that run there now.</summary>
    public int InFlight => Volatile.Read(ref _gate) & ~ClosedBit;

    /// <summary>What was counted of the calls there.</summary>
    public Slots<TargetCounts> Counts { get; } = new();

    /// <summary>No further call enters.</summary>
    public bool IsClosed => (Volatile.Read(ref _gate) & ClosedBit) != 0;

    /// <summary>Calls that went there since it was registered.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Completes when the gate is closed and the last call has ended: nothing will be sent there any more.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Is cancelled when the calls that are still inside are to be ended.</summary>
    public CancellationToken Expired => _expiry.Token;

    /// <summary>Enters a call; false when the gate is closed, or so many calls run here. Each true is answered by one <see cref="End"/>.</summary>
    public bool TryBegin(int most = int.MaxValue)
    {
        var seen = Volatile.Read(ref _gate);
        while ((seen & ClosedBit) == 0 && seen < most)
        {
            var before = Interlocked.CompareExchange(ref _gate, seen + 1, seen);
            if (before == seen)
            {
                Interlocked.Increment(ref _total);
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>Leaves a call that <see cref="TryBegin"/> entered.</summary>
    public void End()
    {
        if (Interlocked.Decrement(ref _gate) == ClosedBit) _ended.TrySetResult();
    }

    /// <summary>No call enters once this has returned; those inside go on.</summary>
    public void Close()
    {
        if (Interlocked.Or(ref _gate, ClosedBit) is 0 or ClosedBit) _ended.TrySetResult();
    }

    /// <summary>The time that calls had to end is over: whoever carries one ends it now.</summary>
    public void Expire()
    {
        Close();
        _expiry.Cancel();
    }

    public override string ToString() => Leased ? $"{Name} ({Address})" : Name;
}
