using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Balancing;

/// <summary>How load reports are used. Names and defaults of gRFC A58.</summary>
internal sealed record OrcaSettings
{
    [Setting("blackout_period_seconds", "reports of a target are not used until they have come for so long", Least = 0, Most = 3600)]
    public TimeSpan BlackoutPeriod { get; init; } = TimeSpan.FromSeconds(10);

    [Setting("weight_expiration_period_seconds", "a report is not used any more after so long", Least = 1, Most = 86_400)]
    public TimeSpan WeightExpiration { get; init; } = TimeSpan.FromMinutes(3);

    [Setting("weight_update_period_seconds", "between two times that weights are worked out", Least = 0.1, Most = 3600)]
    public TimeSpan UpdatePeriod { get; init; } = TimeSpan.FromSeconds(1);

    [Setting("error_utilization_penalty", "how much a share of failed calls counts as utilization", Least = 0, Most = 1000)]
    public double ErrorUtilizationPenalty { get; init; } = 1;
}
