using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health;

/// <summary>A target that somebody wants to be in a group.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="Weight">1 to 999.</param>
internal sealed record TargetSpec(TargetAddress Address, int Weight = 1);

/// <summary>
/// Who is in a group, by several sources at once: the settings, the answers of a name service, the management API. An address that several
/// name is one target, which stays until the last of them lets go of it, and has the weight that was said last. Replicas with leases are not
/// among them; they have names of their own.
/// </summary>
/// <param name="targets">Of the group.</param>
/// <param name="deregister">Has a target leave in order.</param>
internal sealed class TargetMembers(TargetTable targets, Action<Target> deregister)
{
    /// <summary>Targets of a group, leased ones included.</summary>
    public const int MaxTargets = 1_000;

    private const string ByHand = "";

    private readonly Lock _lock = new();
    private readonly Dictionary<TargetAddress, HashSet<string>> _wantedBy = [];
    private readonly Dictionary<TargetAddress, Target> _members = [];

    // The weights that sources have said last: who repeats himself does not undo what was said by hand since.
    private readonly Dictionary<TargetAddress, int> _said = [];

    // Taken out by hand, with the sources that still name them: the next answer of a name service must not bring them back.
    private readonly Dictionary<TargetAddress, HashSet<string>> _refused = [];

    // Taken out by hand, as they were, so that they can be brought back by hand.
    private readonly Dictionary<TargetAddress, TargetSpec> _takenOut = [];

    /// <summary>Those that were deregistered by hand and have not come back, with the weights that they had.</summary>
    public IReadOnlyList<TargetSpec> TakenOut
    {
        get
        {
            lock (_lock) return [.. _takenOut.Values];
        }
    }

    /// <summary>A source says all that it wants: what it named before and does not any more, it lets go.</summary>
    /// <returns>Those for which there is no room.</returns>
    public IReadOnlyList<TargetSpec> Set(string source, IReadOnlyCollection<TargetSpec> wanted)
    {
        var addresses = wanted.Select(w => w.Address).ToHashSet();
        lock (_lock)
        {
            foreach (var (address, sources) in _refused)
            {
                if (addresses.Contains(address) || !sources.Remove(source) || sources.Count > 0) continue;
                _refused.Remove(address);
                _takenOut.Remove(address);
            }

            // First those that come: in between, calls would find nobody. Where there is no room for them, those that go make some.
            var left = Take(source, wanted);
            Drop(source, [.. _wantedBy.Where(w => w.Value.Contains(source) && !addresses.Contains(w.Key)).Select(w => w.Key)]);
            return left.Count == 0 ? left : Take(source, left);
        }
    }

    /// <summary>Registers targets by hand, also those that were deregistered so.</summary>
    /// <returns>Those for which there is no room.</returns>
    public IReadOnlyList<TargetSpec> Register(IReadOnlyCollection<TargetSpec> wanted)
    {
        lock (_lock)
        {
            foreach (var spec in wanted)
            {
                _refused.Remove(spec.Address);
                _takenOut.Remove(spec.Address);
            }

            return Take(ByHand, wanted);
        }
    }

    /// <summary>Brings back a target that was deregistered by hand, as if it had not been: whoever named it names it still.</summary>
    /// <returns>Whether it was one, and there is room.</returns>
    public bool Restore(TargetAddress address)
    {
        lock (_lock)
        {
            if (!_takenOut.TryGetValue(address, out var spec)) return false;
            var sources = _refused.GetValueOrDefault(address) ?? [ByHand];
            _refused.Remove(address);
            if (Take(sources.First(), [spec]).Count > 0)
            {
                if (!sources.Contains(ByHand)) _refused[address] = sources;
                return false;
            }

            _wantedBy[address].UnionWith(sources);
            _takenOut.Remove(address);
            return true;
        }
    }

    /// <summary>Gives a target another weight by hand, until a source says another one than before. False if it is not in the group.</summary>
    public bool Reweigh(TargetAddress address, int weight)
    {
        lock (_lock)
        {
            if (!_members.TryGetValue(address, out var target)) return false;
            targets.Reweigh([(target, weight)]);
            return true;
        }
    }

    /// <summary>The address by which the group knows host and port of another: it may have come from a name, which a secure target has to prove.</summary>
    public TargetAddress Known(TargetAddress address)
    {
        lock (_lock) return Same(_members.Keys) ?? Same(_takenOut.Keys) ?? address;

        TargetAddress? Same(IEnumerable<TargetAddress> known) => known.FirstOrDefault(k => k.Port == address.Port && k.Host.Equals(address.Host, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Deregisters targets by hand, whoever named them: they come back when they are registered by hand, or named anew.</summary>
    /// <returns>Those that are not in the group.</returns>
    public IReadOnlyList<TargetAddress> Deregister(IReadOnlyCollection<TargetAddress> unwanted)
    {
        List<TargetAddress> unknown = [];
        lock (_lock)
        {
            foreach (var address in unwanted)
            {
                if (!_wantedBy.TryGetValue(address, out var sources))
                {
                    unknown.Add(address);
                    continue;
                }

                sources.Remove(ByHand);
                if (sources.Count > 0) _refused[address] = sources;
                // Whoever registers and deregisters ever new addresses must not fill the memory.
                if (_takenOut.Count >= MaxTargets) _takenOut.Remove(_takenOut.Keys.First());
                _takenOut[address] = new TargetSpec(address, _members[address].Weight);
                Leave(address);
            }
        }

        return unknown;
    }

    /// <summary>Nobody wants any of them any more: the group ends.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _refused.Clear();
            _takenOut.Clear();
            foreach (var address in _members.Keys.ToArray()) Leave(address);
        }
    }

    private List<TargetSpec> Take(string source, IReadOnlyCollection<TargetSpec> wanted)
    {
        List<(TargetSpec Spec, Target Target)> added = [];
        List<(Target Target, int Weight)> reweighted = [];
        foreach (var spec in wanted)
        {
            if (_members.TryGetValue(spec.Address, out var known))
            {
                _wantedBy[spec.Address].Add(source);
                if (_said[spec.Address] == spec.Weight && source != ByHand) continue;
                _said[spec.Address] = spec.Weight;
                reweighted.Add((known, spec.Weight));
            }
            else if (!_refused.ContainsKey(spec.Address) && !added.Exists(a => a.Spec.Address == spec.Address))
            {
                added.Add((spec, new Target(spec.Address.Authority, spec.Address, leased: false) { Weight = spec.Weight }));
            }
        }

        targets.Add([.. added.Select(a => a.Target)], MaxTargets);
        var present = targets.Current.Entries.Select(e => e.Target).ToHashSet();
        foreach (var (spec, target) in added.Where(a => present.Contains(a.Target)))
        {
            _members.Add(spec.Address, target);
            _wantedBy.Add(spec.Address, [source]);
            _said.Add(spec.Address, spec.Weight);
            _takenOut.Remove(spec.Address);
        }

        targets.Reweigh(reweighted);
        return [.. added.Where(a => !present.Contains(a.Target)).Select(a => a.Spec)];
    }

    private void Drop(string source, List<TargetAddress> unwanted)
    {
        foreach (var address in unwanted)
        {
            var sources = _wantedBy[address];
            sources.Remove(source);
            if (sources.Count == 0) Leave(address);
        }
    }

    private void Leave(TargetAddress address)
    {
        _wantedBy.Remove(address);
        _said.Remove(address);
        if (_members.Remove(address, out var target)) deregister(target);
    }
}
