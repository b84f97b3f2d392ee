using System.Collections.Concurrent;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Control;

/// <summary>A replica's place among the targets, for as long as its stream is open.</summary>
internal sealed class Lease(Target target)
{
    private readonly TaskCompletionSource<string> _drain = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Target Target { get; } = target;

    /// <summary>Completes with the reason when the replica should drain.</summary>
    public Task<string> Draining => _drain.Task;

    public void Drain(string reason) => _drain.TrySetResult(reason);
}

/// <summary>Who leases which target, by the replica's name.</summary>
internal sealed class LeaseBook(TargetTable targets, ILogger<LeaseBook> logger)
{
    private readonly ConcurrentDictionary<string, Lease> _leases = new(StringComparer.Ordinal);

    /// <summary>There is no room for another one.</summary>
    public bool IsFull => _leases.Count >= RegistryOptions.MaxLeases;

    /// <summary>Registers a target: calls may go there once this has returned. Null when another lease holds the name.</summary>
    public Lease? Grant(string replica, TargetAddress address)
    {
        var lease = new Lease(new Target(replica, address, leased: true));
        if (!_leases.TryAdd(replica, lease)) return null;

        targets.TryAdd(lease.Target);
        logger.LogInformation("Target {Target} is registered", lease.Target);
        return lease;
    }

    /// <summary>Deregisters a target: no further call goes there once this has returned, those that run are left to finish.</summary>
    public void End(Lease lease)
    {
        targets.Remove(lease.Target);
        _leases.TryRemove(KeyValuePair.Create(lease.Target.Name, lease));
        logger.LogInformation("Target {Target} is deregistered; {InFlight} calls run there", lease.Target, lease.Target.InFlight);
    }

    /// <summary>Lets no further call go to a replica, and has it told so; false when no lease has its name.</summary>
    public bool Drain(string replica, string reason)
    {
        if (!_leases.TryGetValue(replica, out var lease)) return false;
        if (targets.Drain(lease.Target)) logger.LogInformation("Target {Target} is draining: {Reason}", lease.Target, reason);
        lease.Drain(reason);
        return true;
    }
}
