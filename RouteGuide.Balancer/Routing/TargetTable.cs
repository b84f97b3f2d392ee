using System.Collections.Immutable;

namespace RouteGuide.Balancer.Routing;

/// <summary>
/// The targets that the balancer knows. Readers take <see cref="Current"/> and see one moment; writers swap it with a
/// compare-and-exchange, so neither waits for the other.
/// </summary>
internal sealed class TargetTable
{
    private TargetSnapshot _current = TargetSnapshot.Empty;

    public TargetSnapshot Current => Volatile.Read(ref _current);

    /// <summary>A target was added. On whatever thread did it; <see cref="Current"/> has it already.</summary>
    public event Action<Target>? Added;

    /// <summary>Adds a target; false when its name is taken or <paramref name="limit"/> targets are known already.</summary>
    public bool TryAdd(Target target, int limit = int.MaxValue)
    {
        var added = Swap(entries => entries.Length >= limit || entries.Any(e => e.Target.Name == target.Name) ? entries : entries.Add(new TargetEntry(target, Draining: false, Suspect: false)));
        if (added) Added?.Invoke(target);
        return added;
    }

    /// <summary>Takes a target out. No call enters it once this has returned; those inside go on.</summary>
    public bool Remove(Target target)
    {
        var removed = Swap(entries => entries.RemoveAll(e => e.Target == target));
        target.Close();
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

    private bool Change(Target target, Func<TargetEntry, TargetEntry> change) => Swap(entries =>
    {
        for (var i = 0; i < entries.Length; i++)
        {
            if (entries[i].Target != target) continue;
            var changed = change(entries[i]);
            return changed == entries[i] ? entries : entries.SetItem(i, changed);
        }

        return entries;
    });

    private bool Swap(Func<ImmutableArray<TargetEntry>, ImmutableArray<TargetEntry>> change)
    {
        while (true)
        {
            var before = Current;
            var entries = change(before.Entries);
            if (entries == before.Entries) return false;
            if (Interlocked.CompareExchange(ref _current, new TargetSnapshot(entries), before) == before) return true;
        }
    }
}
