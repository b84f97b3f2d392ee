using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health;

/// <summary>Lets the share of targets that have just begun to take calls grow, in a straight line over the duration. The table says who begins.</summary>
internal sealed class SlowStart : IDisposable
{
    // A change of the snapshot makes algorithms think anew, so there are no more than a hundred in the duration.
    private const int Steps = 100;

    private static readonly TimeSpan ShortestStep = TimeSpan.FromMilliseconds(50);

    private readonly TargetTable _targets;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly Dictionary<Target, long> _began = [];
    private TimeSpan _duration;

    public SlowStart(TargetTable targets, TimeProvider time)
    {
        (_targets, _time) = (targets, time);
        _timer = time.CreateTimer(static s => ((SlowStart)s!).Step(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        targets.Added += OnAdded;
        targets.Changed += OnChanged;
    }

    /// <summary>How long it takes; zero for off. Those that have begun go on with the new one.</summary>
    public void Apply(TimeSpan duration)
    {
        lock (_lock)
        {
            _duration = duration;
            if (duration == TimeSpan.Zero) _began.Clear();
            Arm();
        }
    }

    public void Dispose()
    {
        _targets.Added -= OnAdded;
        _targets.Changed -= OnChanged;
        _timer.Dispose();
    }

    private void OnAdded(Target target)
    {
        foreach (var entry in _targets.Current.Entries)
        {
            if (entry.Target == target && entry.Ramp < 1) Begin(target);
        }
    }

    private void OnChanged(TargetEntry before, TargetEntry after)
    {
        if (before.Ramp == 1 && after.Ramp < 1) Begin(after.Target);
    }

    private void Begin(Target target)
    {
        lock (_lock)
        {
            if (_duration == TimeSpan.Zero) return;
            _began[target] = _time.GetTimestamp();
            if (_began.Count == 1) Arm();
        }
    }

    private void Arm()
    {
        var step = _duration / Steps;
        if (step < ShortestStep) step = ShortestStep;
        if (_began.Count == 0) step = Timeout.InfiniteTimeSpan;
        _timer.Change(step, step);
    }

    private void Step()
    {
        Dictionary<Target, double> ramps = [];
        lock (_lock)
        {
            foreach (var (target, began) in _began)
            {
                var ramp = Math.Clamp(_time.GetElapsedTime(began) / _duration, TargetEntry.LeastRamp, 1);
                ramps.Add(target, ramp);
                if (ramp == 1) _began.Remove(target);
            }

            if (_began.Count == 0) Arm();
        }

        // Not under the lock, as this tells others. Who is not starting any more is at 1 already.
        _targets.Update(e => e.Ramp < 1 && ramps.TryGetValue(e.Target, out var ramp) ? e with { Ramp = ramp } : e);
    }
}
