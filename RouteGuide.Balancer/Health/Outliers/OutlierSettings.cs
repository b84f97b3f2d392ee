using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Health.Outliers;

/// <summary>
/// When a target gets no calls for a while because of what became of them; <c>outlier_detection</c> is in front of each name. Names follow
/// Envoy and gRFC A50; the defaults are for a few targets, where theirs do nothing.
/// </summary>
internal sealed record OutlierSettings : IChecked
{
    [Setting("enabled", "targets are judged by what becomes of their calls")]
    public bool Enabled { get; init; } = true;

    [Setting("statuses", "gRPC statuses that count as failures; of other requests those of 500 and above do; resets, connections that break or cannot be made, and what is no response, always")]
    public StatusSet Statuses { get; init; } = StatusSet.Failures;

    [Setting("consecutive_failures", "failures in a row after which a target is ejected at once, if others work", Least = 1, Most = 1_000, ZeroIsOff = true)]
    public int ConsecutiveFailures { get; init; } = 5;

    [Setting("interval_seconds", "between two comparisons of the targets' failures", Least = 0.1, Most = 3_600)]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    [Setting("minimum_requests", "requests of an interval from which on a target is compared", Least = 1, Most = 1_000_000)]
    public int MinimumRequests { get; init; } = 20;

    [Setting("failure_gap_percent", "a target is ejected if so many percent more of its requests fail than of the better half of the others; with 2 targets or more", Least = 1, Most = 100, ZeroIsOff = true)]
    public double FailureGapPercent { get; init; } = 20;

    [Setting("stdev_factor", "a target is ejected if its success rate is so many standard deviations below the mean; with 5 targets or more", Least = 0.1, Most = 100, ZeroIsOff = true)]
    public double StdevFactor { get; init; } = 1.9;

    [Setting("base_ejection_seconds", "how long the first ejection lasts; the n-th in a row lasts n times as long", Least = 0.01, Most = 3_600)]
    public TimeSpan BaseEjection { get; init; } = TimeSpan.FromSeconds(10);

    [Setting("max_ejection_seconds", "how long an ejection lasts at most", Least = 0.01, Most = 86_400)]
    public TimeSpan MaxEjection { get; init; } = TimeSpan.FromMinutes(5);

    [Setting("jitter_percent", "how much longer an ejection lasts by chance, so that targets do not all come back together", Least = 0, Most = 100)]
    public double JitterPercent { get; init; } = 10;

    [Setting("max_ejected_percent", "how many of the targets may be ejected; one always may, the last one that works never", Least = 1, Most = 100)]
    public int MaxEjectedPercent { get; init; } = 50;

    [Setting("end_on_passing_check", "an active check that passes ends an ejection; off, as checks pass at a target that is overloaded")]
    public bool EndOnPassingCheck { get; init; }

    public IEnumerable<SettingProblem> Check()
    {
        if (MaxEjection < BaseEjection) yield return new SettingProblem("max_ejection_seconds", $"{MaxEjection.TotalSeconds}", $"at least base_ejection_seconds, {BaseEjection.TotalSeconds}");
    }
}
