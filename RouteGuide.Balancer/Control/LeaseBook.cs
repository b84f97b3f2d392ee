using System.Collections.Concurrent;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Control;

/// <summary>A replica's place among the targets of a group, for as long as its stream is open.</summary>
internal sealed class Lease(Target target, TargetGroup group)
{
    private readonly TaskCompletionSource<string> _drain = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private Target _target = target;
    private bool _isOut;
    private bool _ended;

    /// <summary>The target that it stands for; another one once it was taken out by hand and came back.</summary>
    public Target Target => Volatile.Read(ref _target);

    public TargetGroup Group { get; } = group;

    /// <summary>It was deregistered by hand: the replica holds its lease, and gets no calls.</summary>
    public bool IsOut
    {
        get
        {
            lock (_lock) return _isOut;
        }
    }

    /// <summary>Completes with the reason when the replica should drain.</summary>
    public Task<string> Draining => _drain.Task;

    public void Drain(string reason) => _drain.TrySetResult(reason);

    /// <summary>Lets no further call go to the replica until <see cref="BringBack"/>.</summary>
    /// <param name="dismiss">Has its target leave in order.</param>
    public void TakeOut(Action<Target> dismiss)
    {
        lock (_lock)
        {
            if (_isOut || _ended) return;
            _isOut = true;
            dismiss(_target);
        }
    }

    /// <summary>Calls may go to the replica again, as to a new target. False if its lease has ended, it was told to drain, or the group has no room.</summary>
    public bool BringBack()
    {
        lock (_lock)
        {
            if (_ended || _drain.Task.IsCompleted) return false;
            if (!_isOut) return true;
            var fresh = new Target(_target.Name, _target.Address, leased: true) { Weight = _target.Weight };
            if (!Group.Targets.TryAdd(fresh, TargetMembers.MaxTargets)) return false;
            Volatile.Write(ref _target, fresh);
            _isOut = false;
            return true;
        }
    }

    /// <summary>The replica has no place any more.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            Group.Targets.Remove(_target);
        }
    }
}

/// <summary>Who leases which target, by the replica's name.</summary>
internal sealed class LeaseBook(ILogger<LeaseBook> logger)
{
    private readonly ConcurrentDictionary<string, Lease> _leases = new(StringComparer.Ordinal);

    /// <summary>There is no room for another one.</summary>
    public bool IsFull => _leases.Count >= RegistryOptions.MaxLeases;

    /// <summary>The lease of a replica; null if it has none.</summary>
    public Lease? Find(string replica) => _leases.GetValueOrDefault(replica);

    /// <summary>The leases of a group whose replicas were taken out by hand.</summary>
    public IEnumerable<Lease> TakenOut(TargetGroup group) => _leases.Values.Where(l => l.Group == group && l.IsOut);

    /// <summary>Registers a target: calls may go there once this has returned. Null when another lease holds the name, or the group is full.</summary>
    public Lease? Grant(string replica, TargetAddress address, int weight, TargetGroup group)
    {
        var lease = new Lease(new Target(replica, address, leased: true) { Weight = weight }, group);
        if (!_leases.TryAdd(replica, lease)) return null;
        if (!group.Targets.TryAdd(lease.Target, TargetMembers.MaxTargets))
        {
            _leases.TryRemove(KeyValuePair.Create(replica, lease));
            return null;
        }

        logger.LogInformation("Target {Target} is registered in {Group}", lease.Target, group);
        return lease;
    }

    /// <summary>Deregisters a target: no further call goes there once this has returned, those that run are left to finish.</summary>
    public void End(Lease lease)
    {
        lease.End();
        _leases.TryRemove(KeyValuePair.Create(lease.Target.Name, lease));
        logger.LogInformation("Target {Target} is deregistered from {Group}; {InFlight} calls run there", lease.Target, lease.Group, lease.Target.InFlight);
    }

    /// <summary>Lets no further call go to a replica, and has it told so; false when no lease has its name.</summary>
    public bool Drain(string replica, string reason)
    {
        if (!_leases.TryGetValue(replica, out var lease)) return false;
        if (lease.Group.Targets.Drain(lease.Target)) logger.LogInformation("Target {Target} of {Group} is draining: {Reason}", lease.Target, lease.Group, reason);
        lease.Drain(reason);
        return true;
    }
}
