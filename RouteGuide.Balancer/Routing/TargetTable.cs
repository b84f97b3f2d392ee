namespace RouteGuide.Balancer.Routing;

/// <summary>
/// The targets that the balancer knows. Readers take <see cref="Current"/> and see one moment; writers swap it with a
/// compare-and-exchange, so neither waits for the other. The events come on whatever thread made the change, after it.
/// </summary>
internal sealed class TargetTable
{
    private TargetSnapshot _current = TargetSnapshot.Empty;
    private long _ejections;

    /// <summary>Times that a target was ejected.</summary>
    public long Ejections => Interlocked.Read(ref _ejections);

    public TargetSnapshot Current => Volatile.Read(ref _current);

    /// <summary>A target was added.</summary>
    public event Action<Target>? Added;

    /// <summary>Something about a target has changed: what was known of it, and what is.</summary>
    public event Action<TargetEntry, TargetEntry>? Changed;

    /// <summary>A target was taken out.</summary>
    public event Action<Target>? Removed;

    /// <summary>A target has another weight: what it was, and what it is.</summary>
    public event Action<Target, int, int>? Reweighted;

    /// <summary>Adds a target; false when its name is taken by one that does not drain, or <paramref name="limit"/> targets are known already.</summary>
    public bool TryAdd(Target target, int limit = int.MaxValue) => Add([target], limit) > 0;

    /// <summary>Adds targets at one moment, without those whose names are taken and those beyond <paramref name="limit"/>.</summary>
    /// <returns>How many were added.</returns>
    public int Add(IReadOnlyList<Target> targets, int limit = int.MaxValue)
    {
        List<Target> added = [];
        Swap(seen =>
        {
            added.Clear();
            var taken = seen.Entries.Where(e => !e.Draining).Select(e => e.Target.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var target in targets)
            {
                if (seen.Entries.Length + added.Count < limit && taken.Add(target.Name)) added.Add(target);
            }

            return added.Count == 0 ? null : new TargetSnapshot(seen.Entries.AddRange(added.Select(t => New(t, seen))), seen.Policy);
        });
        foreach (var target in added) Added?.Invoke(target);
        return added.Count;
    }

    /// <summary>Takes a target out. No call enters it once this has returned; those inside go on.</summary>
    public bool Remove(Target target)
    {
        var removed = Swap(seen => IndexOf(seen, target) is >= 0 and var index ? new TargetSnapshot(seen.Entries.RemoveAt(index), seen.Policy) : null);
        target.Close();
        if (removed) Removed?.Invoke(target);
        return removed;
    }

    /// <summary>Keeps a target in the table but lets no further call enter; false when it drains already or is not there.</summary>
    public bool Drain(Target target)
    {
        var changed = Change(target, e => e with { Draining = true });
        if (changed) target.Close();
        return changed;
    }

    /// <summary>Says whether connecting to a target fails; false when that was known, or the target is not there.</summary>
    public bool SetSuspect(Target target, bool suspect) => Change(target, e => e with { Suspect = suspect });

    /// <summary>Says what checks have found; false when that was known, or the target is not there.</summary>
    public bool SetHealth(Target target, TargetHealth health) => Change(target, e => e with { Health = health });

    /// <summary>Lets no calls go to a target until <see cref="Readmit"/>, as long as there are enough others; false when that was so, or it is not there.</summary>
    public bool Eject(Target target, string reason)
    {
        var isNew = Change(target, e => e.Ejected is null ? e with { Ejected = reason } : e);
        if (isNew) Interlocked.Increment(ref _ejections);
        return isNew;
    }

    /// <summary>Ends what <see cref="Eject"/> began.</summary>
    public bool Readmit(Target target) => Change(target, e => e with { Ejected = null });

    /// <summary>Changes what is known of a target; false when that changes nothing, or it is not there. <paramref name="change"/> may be called more than once.</summary>
    public bool Update(Target target, Func<TargetEntry, TargetEntry> change) => Change(target, change);

    /// <summary>Changes targets at one moment.</summary>
    /// <param name="change">Gets each and returns it as it is to be. It may be called more than once.</param>
    public void Update(Func<TargetEntry, TargetEntry> change) => UpdateAll(null, change);

    /// <summary>From now on this policy says who gets calls.</summary>
    public void Apply(TargetPolicy policy) => UpdateAll(policy, e => e with { Health = policy.HealthAfter(e.Health), Ramp = policy.StartsSlowly ? e.Ramp : 1 });

    /// <summary>Gives targets other weights, at one moment. One caller at a time.</summary>
    public void Reweigh(IEnumerable<(Target Target, int Weight)> weights)
    {
        List<(Target Target, int Before, int After)> changes = [];
        foreach (var (target, weight) in weights)
        {
            if (target.Weight == weight) continue;
            changes.Add((target, target.Weight, weight));
            target.Weight = weight;
        }

        if (changes.Count == 0) return;
        Swap(static seen => new TargetSnapshot(seen.Entries, seen.Policy));
        foreach (var (target, before, after) in changes) Reweighted?.Invoke(target, before, after);
    }

    private void UpdateAll(TargetPolicy? policy, Func<TargetEntry, TargetEntry> change)
    {
        List<(TargetEntry Before, TargetEntry After)> changes = [];
        Swap(seen =>
        {
            changes.Clear();
            var entries = seen.Entries.ToBuilder();
            for (var i = 0; i < entries.Count; i++)
            {
                var before = entries[i];
                var after = Ramped(seen, before, change(before));
                if (after == before) continue;
                changes.Add((before, after));
                entries[i] = after;
            }

            var next = policy ?? seen.Policy;
            return changes.Count == 0 && next == seen.Policy ? null : new TargetSnapshot(entries.ToImmutable(), next);
        });
        foreach (var (before, after) in changes) Changed?.Invoke(before, after);
    }

    private bool Change(Target target, Func<TargetEntry, TargetEntry> change)
    {
        TargetEntry before = default, after = default;
        var changed = Swap(seen =>
        {
            if (IndexOf(seen, target) is not (>= 0 and var index)) return null;
            before = seen.Entries[index];
            after = Ramped(seen, before, change(before));
            return after == before ? null : new TargetSnapshot(seen.Entries.SetItem(index, after), seen.Policy);
        });
        if (changed) Changed?.Invoke(before, after);
        return changed;
    }

    private static int IndexOf(TargetSnapshot seen, Target target)
    {
        for (var i = 0; i < seen.Entries.Length; i++)
        {
            if (seen.Entries[i].Target == target) return i;
        }

        return -1;
    }

    private static TargetEntry New(Target target, TargetSnapshot seen)
    {
        var entry = new TargetEntry(target, Draining: false, Suspect: false) { Health = seen.Policy.HealthAtFirst };
        return Ramped(seen, entry with { Draining = true }, entry);
    }

    // In the same moment in which it becomes available, so that not one call too many goes there. Where nobody is warm, as in a group
    // that was empty, nobody could take the calls instead, and all start at once.
    private static TargetEntry Ramped(TargetSnapshot seen, TargetEntry before, TargetEntry after)
    {
        if (!after.IsAvailable) return after with { Ramp = 1 };
        if (before.IsAvailable || !seen.Policy.StartsSlowly) return after;
        return after with { Ramp = seen.Entries.Any(e => e.Target != after.Target && e is { IsAvailable: true, Ramp: 1 }) ? TargetEntry.LeastRamp : 1 };
    }

    private bool Swap(Func<TargetSnapshot, TargetSnapshot?> change)
    {
        while (true)
        {
            var before = Current;
            if (change(before) is not { } after) return false;
            if (Interlocked.CompareExchange(ref _current, after, before) == before) return true;
        }
    }
}
