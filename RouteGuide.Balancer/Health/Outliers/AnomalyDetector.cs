using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health.Outliers;

/// <summary>
/// What AWS calls automatic target weights: looks all the time, in groups with three healthy targets or more, for targets whose calls fail more often than those
/// of their peers, and marks them. Where mitigation is on, they get fewer calls: half with every look that finds them so, down to a twentieth,
/// which goes on showing how they fare; and back in small steps once they are like the others.
/// </summary>
internal sealed class AnomalyDetector : IDisposable
{
    /// <summary>Between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Healthy targets that a comparison takes.</summary>
    public const int LeastTargets = 3;

    /// <summary>The smallest part of its weight that a target keeps.</summary>
    public const double LeastShare = 0.05;

    private const double Step = 0.05;
    private const double Kept = 0.8; // of what was counted, from look to look: five seconds or so
    private const double LeastVolume = 10;
    private const double Gap = 0.1;

    private readonly TargetTable _targets;
    private readonly ITimer _timer;
    private readonly Lock _looking = new();
    private readonly Dictionary<Target, (TallyCount Seen, TallyCount Lately)> _counts = [];
    private bool _mitigates;

    public AnomalyDetector(TargetTable targets, TimeProvider time)
    {
        _targets = targets;
        _timer = time.CreateTimer(_ => Look(), null, Interval, Interval);
    }

    /// <summary>Whether targets that stand out get fewer calls. Any thread.</summary>
    public void Apply(bool mitigates)
    {
        lock (_looking)
        {
            _mitigates = mitigates;
            if (!mitigates) _targets.Update(static e => e with { Share = 1 });
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        lock (_looking)
        {
            var entries = _targets.Current.Entries;
            foreach (var entry in entries)
            {
                var now = entry.Target.Load.Outcomes.Count(entry.Target);
                var (seen, lately) = _counts.GetValueOrDefault(entry.Target, (now, default));
                _counts[entry.Target] = (now, lately * Kept + (now - seen));
            }

            if (_counts.Count > entries.Length)
            {
                var known = entries.Select(e => e.Target).ToHashSet();
                foreach (var gone in _counts.Keys.Where(t => !known.Contains(t)).ToArray()) _counts.Remove(gone);
            }

            Target[] healthy = [.. entries.Where(e => e.IsAvailable).Select(e => e.Target)];
            // The better half of the others, as long as no more than half of all are bad.
            Target[] byShare = [.. healthy.Where(t => _counts[t].Lately.Volume >= LeastVolume).OrderBy(t => _counts[t].Lately.Share)];
            foreach (var entry in entries) entry.Target.Load.Outcomes.IsAnomalous = healthy.Length >= LeastTargets && StandsOut(entry.Target, byShare);
            if (_mitigates) _targets.Update(static e => e with { Share = e.Target.Load.Outcomes.IsAnomalous ? Math.Max(LeastShare, e.Share / 2) : Math.Min(1, e.Share + Step) });
        }
    }

    private bool StandsOut(Target target, Target[] byShare)
    {
        var lately = _counts[target].Lately;
        if (lately.Volume < LeastVolume) return false;
        var peers = byShare.Where(t => t != target).ToArray();
        var better = peers.Take((peers.Length + 1) / 2).Aggregate(default(TallyCount), (sum, t) => sum + _counts[t].Lately);
        return lately.IsWorseThan(better, Gap);
    }
}
