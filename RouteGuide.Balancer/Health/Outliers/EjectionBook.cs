using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health.Outliers;

/// <summary>
/// Who is ejected, until when, and how often that was so lately: each time lasts longer, and good conduct shortens the next one. It keeps
/// enough targets in: not more than a share may be out, though one may always, and never the last one that calls can go to.
/// </summary>
internal sealed class EjectionBook : IDisposable
{
    private readonly TargetTable _targets;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<Target, Entry> _entries = [];
    private readonly ITimer _timer;
    private readonly long _started;
    private bool _disposed;

    public EjectionBook(TargetTable targets, TimeProvider time, Random random, ILogger logger)
    {
        (_targets, _time, _random, _logger) = (targets, time, random, logger);
        _started = time.GetTimestamp();
        _timer = time.CreateTimer(_ => EndDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private TimeSpan Now => _time.GetElapsedTime(_started);

    /// <summary>Ejects a target, if enough others stay. Any thread.</summary>
    public bool TryEject(Target target, string reason, OutlierSettings settings)
    {
        lock (_lock)
        {
            if (_disposed || !MayGo(target, settings)) return false;
            var entry = _entries.GetValueOrDefault(target) ?? (_entries[target] = new Entry());
            // Above a multiple that reaches the longest time it does not matter.
            if (entry.Count < 1_000_000) entry.Count++;
            var lasts = Math.Min(settings.BaseEjection.TotalSeconds * entry.Count, settings.MaxEjection.TotalSeconds) * (1 + _random.NextDouble() * settings.JitterPercent / 100);
            if (!_targets.Eject(target, reason)) return false;
            entry.Until = Now + TimeSpan.FromSeconds(lasts);
            _logger.LogWarning("Target {Target} is ejected for {Seconds:0.0} s: {Reason}", target, lasts, reason);
            Rearm();
            return true;
        }
    }

    /// <summary>Ends an ejection before its time; does nothing if there is none. Any thread.</summary>
    public void End(Target target, string why)
    {
        lock (_lock)
        {
            if (_entries.GetValueOrDefault(target) is not { Until: not null } entry) return;
            Readmit(target, entry, why);
            Rearm();
        }
    }

    /// <summary>The same for all.</summary>
    public void EndAll(string why)
    {
        lock (_lock)
        {
            foreach (var (target, entry) in _entries.Where(e => e.Value.Until is not null)) Readmit(target, entry, why);
            _entries.Clear();
            Rearm();
        }
    }

    /// <summary>An interval has passed.</summary>
    /// <param name="wasGood">Whether a target had calls in it and none failed.</param>
    public void Forgive(Func<Target, bool> wasGood)
    {
        lock (_lock)
        {
            var known = _targets.Current.Entries.Select(e => e.Target).ToHashSet();
            foreach (var (target, entry) in _entries.ToArray())
            {
                if (entry.Until is null && wasGood(target)) entry.Count--;
                if (entry.Count <= 0 || !known.Contains(target)) _entries.Remove(target);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock) _disposed = true;
        _timer.Dispose();
    }

    private bool MayGo(Target target, OutlierSettings settings)
    {
        var (registered, ejected, others, isIn) = (0, 0, false, false);
        foreach (var entry in _targets.Current.Entries)
        {
            if (entry.Draining) continue;
            registered++;
            if (entry.Ejected is not null) ejected++;
            else if (entry.Target == target) isIn = true;
            else if (entry.IsAvailable) others = true;
        }

        return isIn && others && ejected < Math.Max(1, registered * settings.MaxEjectedPercent / 100);
    }

    private void EndDue()
    {
        lock (_lock)
        {
            if (_disposed) return;
            var now = Now;
            foreach (var (target, entry) in _entries)
            {
                if (entry.Until <= now) Readmit(target, entry, "its time is over");
            }

            Rearm();
        }
    }

    private void Readmit(Target target, Entry entry, string why)
    {
        entry.Until = null;
        target.Load.Outcomes.Forgive();
        if (_targets.Readmit(target)) _logger.LogInformation("Target {Target} gets calls again after its ejection: {Reason}", target, why);
    }

    private void Rearm()
    {
        var next = _entries.Values.Min(e => e.Until);
        _timer.Change(next is { } due ? TimeSpan.FromTicks(Math.Max(0, (due - Now).Ticks)) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private sealed class Entry
    {
        /// <summary>Ejections, less the intervals of good conduct since.</summary>
        public int Count { get; set; }

        /// <summary>Null while it is in.</summary>
        public TimeSpan? Until { get; set; }
    }
}
