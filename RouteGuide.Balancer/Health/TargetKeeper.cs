using RouteGuide.Balancer.Health.Checks;
using RouteGuide.Balancer.Health.Discovery;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health;

/// <summary>How a keeper keeps its targets; changed whole.</summary>
/// <param name="Checks">Null if nothing is checked.</param>
/// <param name="Attributes">About targets that come, go and fail.</param>
/// <param name="IsInUse">Some rule or default sends calls to the group; else nothing is checked.</param>
/// <param name="AllowsSlowStart">The group's algorithm goes by weights. Least outstanding requests and weighted random start nobody slowly, as with AWS.</param>
internal sealed record KeeperSettings(HealthCheckPlan? Checks, TargetAttributes Attributes, bool IsInUse = true, bool AllowsSlowStart = true)
{
    /// <summary>The port of targets that are registered without one; null if each must have its own.</summary>
    public int? Port { get; init; }

    /// <summary>Targets that are registered by address alone are reached over TLS.</summary>
    public bool IsTls { get; init; }

    /// <summary>Names whose addresses are targets.</summary>
    public IReadOnlyList<NamedTargets> Names { get; init; } = [];
}

/// <summary>What the keepers of all groups share.</summary>
/// <param name="Probe">Makes checks.</param>
/// <param name="Gate">Bounds them.</param>
/// <param name="Time">For everything that takes time.</param>
/// <param name="Random">For jitter; used under a lock.</param>
/// <param name="Logger">Is told of every change of a target's state.</param>
internal sealed record KeeperShared(IProbe Probe, CheckGate Gate, TimeProvider Time, Random Random, ILogger<TargetKeeper> Logger)
{
    /// <summary>Says what names stand for.</summary>
    public required INameService Names { get; init; }
}

/// <summary>
/// Keeps the targets of one group: who is in it, who is well, who begins slowly, who leaves. What it finds goes into the group's table,
/// which says in one snapshot where calls may go; it is never asked while a call is placed.
/// </summary>
internal sealed class TargetKeeper : IDisposable
{
    private readonly TargetGroup _group;
    private readonly KeeperShared _shared;
    private readonly MonitorShared _monitoring;
    private readonly SlowStart _slowStart;
    private readonly Departures _departures;
    private readonly Lock _lock = new();
    private readonly Dictionary<Target, TargetMonitor> _monitors = [];
    private readonly Dictionary<NamedTargets, NameWatch> _names = []; // changed by Apply and Dispose alone
    private KeeperSettings _settings = new(null, new TargetAttributes());
    private bool _disposed;

    public TargetKeeper(TargetGroup group, KeeperShared shared)
    {
        (_group, _shared) = (group, shared);
        _monitoring = new MonitorShared(group.Targets, shared.Probe, shared.Gate, shared.Time, shared.Logger) { Passed = t => Passed?.Invoke(t) };
        _slowStart = new SlowStart(group.Targets, shared.Time);
        _departures = new Departures(group, shared.Time, shared.Logger);
        Members = new TargetMembers(group.Targets, _departures.Begin);
        group.Targets.Added += Watch;
        group.Targets.Removed += Unwatch;
        group.Targets.Changed += OnChanged;
    }

    public TargetGroup Group => _group;

    /// <summary>Who is in the group.</summary>
    public TargetMembers Members { get; }

    public KeeperSettings Settings => Volatile.Read(ref _settings);

    /// <summary>An active check has passed. Any thread.</summary>
    public event Action<Target>? Passed;

    /// <summary>Has a target leave in order that is not among the members, such as one with a lease. No call enters it once this has returned.</summary>
    public void Dismiss(Target target) => _departures.Begin(target);

    /// <summary>All targets as people see them, in the order of registration.</summary>
    public IEnumerable<TargetHealthDescription> Describe() => _group.Targets.Current.Entries.Select(e => TargetHealthDescription.Of(e));

    /// <summary>From now on it keeps them so. Calls are not touched; targets that were well stay so until checks say otherwise.</summary>
    public void Apply(KeeperSettings settings)
    {
        var before = Settings;
        Volatile.Write(ref _settings, settings);
        var attributes = settings.Attributes;
        var startsSlowly = settings.AllowsSlowStart && attributes.SlowStart > TimeSpan.Zero;
        _departures.Delay = attributes.DeregistrationDelay;
        _slowStart.Apply(startsSlowly ? attributes.SlowStart : TimeSpan.Zero);
        if (before.Checks != settings.Checks || before.IsInUse != settings.IsInUse) UnwatchAll();
        _group.Targets.Apply(new TargetPolicy
        {
            IsInUse = settings.IsInUse,
            IsChecked = settings.Checks is not null,
            StartsSlowly = startsSlowly,
            MinimumHealthyCount = attributes.MinimumHealthyCount,
            MinimumHealthyPercentage = attributes.MinimumHealthyPercentage,
            FailsOpen = attributes.FailsOpen,
        });
        foreach (var entry in _group.Targets.Current.Entries) Watch(entry.Target);
        ApplyNames(before, settings);
    }

    /// <summary>Ends all checks; the targets stay as they are, and those that leave have their time.</summary>
    public void Dispose()
    {
        _group.Targets.Added -= Watch;
        _group.Targets.Removed -= Unwatch;
        _group.Targets.Changed -= OnChanged;
        lock (_lock) _disposed = true;
        UnwatchAll();
        foreach (var watch in _names.Values) watch.Dispose();
        _slowStart.Dispose();
    }

    private void ApplyNames(KeeperSettings before, KeeperSettings settings)
    {
        var isSame = before.Port == settings.Port && before.IsTls == settings.IsTls;
        foreach (var (name, watch) in _names.ToArray())
        {
            if (isSame && settings.Names.Contains(name)) continue;
            watch.Dispose();
            _names.Remove(name);
            // One that is only asked for in another way keeps its targets until the next answer.
            if (!settings.Names.Any(n => NameWatch.SourceOf(n) == NameWatch.SourceOf(name))) Members.Set(NameWatch.SourceOf(name), []);
        }

        foreach (var name in settings.Names)
        {
            if (_names.ContainsKey(name)) continue;
            var watch = new NameWatch(name, settings, Members, _shared.Names, _shared.Time, _shared.Logger);
            _names.Add(name, watch);
            watch.Start();
        }
    }

    private void Watch(Target target)
    {
        TargetMonitor monitor;
        lock (_lock)
        {
            if (_disposed || Settings is not { Checks: { } plan, IsInUse: true } || target.IsClosed || _monitors.ContainsKey(target)) return;
            var state = HealthState.Initial;
            foreach (var entry in _group.Targets.Current.Entries)
            {
                if (entry.Target == target) state = entry.Health.State;
            }

            monitor = new TargetMonitor(_monitoring, target, plan, state, new Random(_shared.Random.Next()));
            _monitors.Add(target, monitor);
        }

        monitor.Start();
    }

    private void Unwatch(Target target)
    {
        TargetMonitor? monitor;
        lock (_lock) _monitors.Remove(target, out monitor);
        monitor?.Dispose();
    }

    private void UnwatchAll()
    {
        TargetMonitor[] all;
        lock (_lock)
        {
            all = [.. _monitors.Values];
            _monitors.Clear();
        }

        foreach (var monitor in all) monitor.Dispose();
    }

    private void OnChanged(TargetEntry before, TargetEntry after)
    {
        if (after.Draining && !before.Draining) Unwatch(after.Target);
        if (after.Health == before.Health || after.Health == TargetHealth.Checking) return;
        var level = after.Health.State == HealthState.Unhealthy ? LogLevel.Warning : LogLevel.Information;
        _shared.Logger.Log(level, "Target {Target} of {Group} is {State}, was {Before}: {Reason}", after.Target, _group, after.Health.State.Name(), before.Health.State.Name(), after.Health is { Reason: { } reason } ? $"{reason}, {after.Health.Description}" : "its checks pass");
    }
}
