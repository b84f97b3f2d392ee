using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Balancing;

/// <summary>Which target of a group gets a call.</summary>
internal enum AlgorithmType
{
    [SettingName("round_robin")]
    RoundRobin,

    [SettingName("least_outstanding_requests")]
    LeastOutstandingRequests,

    [SettingName("weighted_random")]
    WeightedRandom,

    [SettingName("power_of_two_choices")]
    PowerOfTwoChoices,

    [SettingName("peak_ewma")]
    PeakEwma,

    [SettingName("consistent_hash")]
    ConsistentHash,

    [SettingName("orca_weighted_round_robin")]
    OrcaWeightedRoundRobin,
}

/// <summary>The anchor's way to say yes or no here.</summary>
internal enum Switch
{
    [SettingName("off")]
    Off,

    [SettingName("on")]
    On,
}

/// <summary>How a target is chosen; <c>load_balancing.algorithm</c> is in front of each name.</summary>
internal sealed record AlgorithmSettings : IChecked
{
    [Setting("type", "which target of the group gets a call")]
    public AlgorithmType Type { get; init; }

    [Setting("anomaly_mitigation", "targets that fail more often than the others get fewer calls; with `weighted_random` only")]
    public Switch AnomalyMitigation { get; init; }

    [Setting("hash", "for `consistent_hash`")]
    public HashSettings Hash { get; init; } = new();

    [Setting("ewma.decay_seconds", "for `peak_ewma`: in which what was learned of a target's latency shrinks to 1/e", Least = 0.1, Most = 600)]
    public TimeSpan EwmaDecay { get; init; } = TimeSpan.FromSeconds(10);

    [Setting("orca", "for `orca_weighted_round_robin`")]
    public OrcaSettings Orca { get; init; } = new();

    /// <summary>Those that go by weights start targets slowly where that is set; the others do not, as with the anchor.</summary>
    public bool AllowsSlowStart => Type is not (AlgorithmType.LeastOutstandingRequests or AlgorithmType.WeightedRandom);

    public IEnumerable<SettingProblem> Check()
    {
        if (AnomalyMitigation == Switch.On && Type != AlgorithmType.WeightedRandom) yield return new SettingProblem("anomaly_mitigation", "on", "off, as it goes with the type weighted_random only");
    }
}
