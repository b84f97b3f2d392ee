using System.Collections.Concurrent;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Control;

/// <summary>A replica's place among the targets of a group, for as long as its stream is open.</summary>
internal sealed class Lease(Target target, TargetGroup group)
{
    private readonly TaskCompletionSource<string> _drain = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Target Target { get; } = target;

    public TargetGroup Group { get; } = group;

    /// <summary>Completes with the reason when the replica should drain.</summary>
    public Task<string> Draining => _drain.Task;

    public void Drain(string reason) => _drain.TrySetResult(reason);
}

/// <summary>Who leases which target, by the replica's name.</summary>
internal sealed class LeaseBook(ILogger<LeaseBook> logger)
{
    private readonly ConcurrentDictionary<string, Lease> _leases = new(StringComparer.Ordinal);

    /// <summary>There is no room for another one.</summary>
    public bool IsFull => _leases.Count >= RegistryOptions.MaxLeases;

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
        lease.Group.Targets.Remove(lease.Target);
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
