using System.Globalization;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health.Outliers;

/// <summary>
/// Finds targets of a group whose calls fail while those of the others do not, and has them ejected: at once after some failures in a row, so
/// before an active check could notice; and by comparison, once an interval. Where all fail, nobody is: that is no reason to prefer one to
/// another. A call that ends well costs a look at a counter.
/// </summary>
internal sealed class OutlierDetector : IOutcomeWatch, IDisposable
{
    // What befalls a connection befalls all its calls, on each event loop.
    private static readonly TimeSpan SameEvent = TimeSpan.FromMilliseconds(100);

    private readonly TargetTable _targets;
    private readonly TimeProvider _time;
    private readonly EjectionBook _book;
    private readonly long _sameEvent;
    private readonly ITimer _timer;
    private readonly Lock _comparing = new();
    private readonly Dictionary<Target, TallyCount> _seen = [];
    private OutlierSettings _settings;

    public OutlierDetector(TargetTable targets, OutlierSettings settings, TimeProvider time, Random random, ILogger<OutlierDetector> logger)
    {
        (_targets, _time, _settings) = (targets, time, settings);
        _book = new EjectionBook(targets, time, random, logger);
        _sameEvent = (long)(SameEvent.TotalSeconds * time.TimestampFrequency);
        _timer = time.CreateTimer(_ => Compare(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Apply(settings);
    }

    public OutlierSettings Settings => Volatile.Read(ref _settings);

    /// <summary>From now on it judges so. Who is ejected stays so until the time is over; if nobody is judged any more, until now.</summary>
    public void Apply(OutlierSettings settings)
    {
        Volatile.Write(ref _settings, settings);
        if (!settings.Enabled) _book.EndAll("outlier detection was turned off");
        var interval = settings.Enabled ? settings.Interval : Timeout.InfiniteTimeSpan;
        _timer.Change(interval, interval);
    }

    public void OnOutcome(Target target, in CallOutcome outcome)
    {
        var settings = Settings;
        var tally = target.Load.Outcomes;
        switch (Verdicts.Judge(in outcome, settings.Statuses))
        {
            case Verdict.Good:
                tally.OnGood();
                break;
            case Verdict.Neutral:
            case Verdict.ConnectionFailure when !tally.IsNewEvent(_time.GetTimestamp(), _sameEvent):
                tally.OnNeutral();
                break;
            default:
                var streak = tally.OnFailure();
                // Where nobody may be ejected, it is not tried again with every call.
                if (settings.Enabled && settings.ConsecutiveFailures > 0 && streak % settings.ConsecutiveFailures == 0) OnStreak(target, settings, streak, in outcome);
                break;
        }
    }

    /// <summary>An active check has passed. Any thread.</summary>
    public void OnCheckPassed(Target target)
    {
        if (Settings.EndOnPassingCheck) _book.End(target, "an active check has passed");
    }

    public void Dispose()
    {
        _timer.Dispose();
        _book.Dispose();
    }

    private void OnStreak(Target target, OutlierSettings settings, int streak, in CallOutcome outcome)
    {
        foreach (var entry in _targets.Current.Entries)
        {
            // Somebody else fares better, or nothing speaks against it.
            if (entry.Target == target || !entry.IsAvailable || 2 * entry.Target.Load.Outcomes.Streak >= settings.ConsecutiveFailures) continue;
            _book.TryEject(target, string.Create(CultureInfo.InvariantCulture, $"{streak} calls in a row failed, the last one with {Describe(in outcome)}"), settings);
            return;
        }
    }

    /// <summary>An interval has passed.</summary>
    private void Compare()
    {
        lock (_comparing)
        {
            var settings = Settings;
            var entries = _targets.Current.Entries;
            var counts = new Dictionary<Target, TallyCount>();
            foreach (var entry in entries)
            {
                var now = entry.Target.Load.Outcomes.Count(entry.Target);
                counts[entry.Target] = now - _seen.GetValueOrDefault(entry.Target);
                _seen[entry.Target] = now;
            }

            foreach (var gone in _seen.Keys.Where(t => !counts.ContainsKey(t)).ToArray()) _seen.Remove(gone);
            if (!settings.Enabled) return;
            Target[] judged = [.. entries.Where(e => e.IsAvailable).Select(e => e.Target)];
            foreach (var (place, reason) in PeerComparison.Outliers([.. judged.Select(t => counts[t])], settings)) _book.TryEject(judged[place], reason, settings);
            _book.Forgive(t => counts.TryGetValue(t, out var count) && count is { Volume: > 0, Failures: 0 });
        }
    }

    private static string Describe(in CallOutcome outcome) => outcome.Kind switch
    {
        OutcomeKind.Answered when outcome.IsGrpc => StatusSet.NameOf(outcome.Status),
        OutcomeKind.Answered => $"HTTP {outcome.Status}",
        OutcomeKind.Reset => "a reset",
        OutcomeKind.NotConnected => "no connection",
        OutcomeKind.ConnectionLost => "a broken connection",
        OutcomeKind.Refused => "a refusal to process it",
        OutcomeKind.TimedOut => "no answer in time",
        _ => "what is no response",
    };
}
