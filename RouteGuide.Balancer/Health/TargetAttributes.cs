using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Health;

/// <summary>Attributes of a target group about targets that come, go and fail.</summary>
internal record TargetAttributes
{
    [Setting("deregistration_delay.timeout_seconds", "that calls may go on at a target which was deregistered; then they are ended. Without calls it is gone at once", Least = 0, Most = 3600)]
    public TimeSpan DeregistrationDelay { get; init; } = TimeSpan.FromSeconds(300);

    [Setting("slow_start.duration_seconds", "in which the share of a target grows from nothing to its own, once it takes calls beside others", Least = 1, Most = 900, ZeroIsOff = true)]
    public TimeSpan SlowStart { get; init; }

    [Setting("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "targets of which at least so many have to be healthy, else calls go to all", Least = 1, Most = 1000)]
    public int MinimumHealthyCount { get; init; } = 1;

    [Setting("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "the same in percent of the registered ones", Least = 1, Most = 100, ZeroIsOff = true)]
    public int MinimumHealthyPercentage { get; init; }

    [Setting("fail_open.enabled", "calls go to all targets where too few are healthy; if false, only to healthy ones, and without any they are refused at once")]
    public bool FailsOpen { get; init; } = true;
}
