using System.Globalization;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Telemetry.Events;

/// <summary>The last things that happened, for a page that shows them on a line of time. Old ones make room for new ones. Any thread.</summary>
/// <param name="time">For their times.</param>
internal sealed class EventHistory(TimeProvider time)
{
    /// <summary>Events that are kept.</summary>
    public const int Capacity = 500;

    /// <summary>Characters of a reason; what targets say about themselves may be long.</summary>
    public const int MaxReason = 300;

    private readonly Lock _lock = new();
    private readonly Queue<BalancerEvent> _events = [];
    private long _lastId;

    /// <summary>The id of the newest one; 0 before the first.</summary>
    public long LastId
    {
        get
        {
            lock (_lock) return _lastId;
        }
    }

    /// <summary>Those newer than one, from the oldest that is kept.</summary>
    /// <param name="id">Of the newest that is known already; 0 for all.</param>
    public IReadOnlyList<BalancerEvent> After(long id)
    {
        lock (_lock) return [.. _events.Where(e => e.Id > id)];
    }

    /// <summary>Keeps what has happened.</summary>
    public void Add(EventKind kind, string? group, string? target, string? from, string? to, string? reason = null)
    {
        if (reason?.Length > MaxReason) reason = reason[..MaxReason] + "…";
        lock (_lock)
        {
            if (_events.Count == Capacity) _events.Dequeue();
            _events.Enqueue(new BalancerEvent(++_lastId, time.GetUtcNow(), kind, group, target, from, to, reason));
        }
    }

    /// <summary>Keeps what happens to the targets of a group from now on.</summary>
    public void Follow(TargetGroup group)
    {
        var (name, targets) = (group.Name, group.Targets);
        targets.Added += target => Add(EventKind.Register, name, target.Name, null, StateOf(targets, target), $"{target.Address}");
        targets.Removed += target => Add(EventKind.Deregister, name, target.Name, null, null, target.InFlight > 0 ? $"{target.InFlight} calls still run there" : null);
        targets.Changed += (before, after) => OnChanged(name, before, after);
        targets.Reweighted += (target, from, to) => Add(EventKind.Weight, name, target.Name, from.ToString(CultureInfo.InvariantCulture), to.ToString(CultureInfo.InvariantCulture));
    }

    private void OnChanged(string group, TargetEntry before, TargetEntry after)
    {
        var (was, now) = (TargetHealthDescription.Of(before), TargetHealthDescription.Of(after));
        if (was.State == now.State) return;
        var kind = now.State == HealthState.Draining ? EventKind.Deregister
            : was.State == HealthState.Ejected || now.State == HealthState.Ejected ? EventKind.Ejection
            : EventKind.State;
        Add(kind, group, after.Target.Name, was.State.Name(), now.State.Name(), now.Reason is null ? null : $"{now.Reason}: {now.Description}");
    }

    private static string? StateOf(TargetTable targets, Target target)
    {
        foreach (var entry in targets.Current.Entries)
        {
            if (entry.Target == target) return TargetHealthDescription.Of(entry).State.Name();
        }

        return null;
    }
}
