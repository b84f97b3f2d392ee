namespace RouteGuide.Balancer.Routing;

/// <summary>What a group's settings say about which of its targets get calls.</summary>
internal sealed record TargetPolicy
{
    public static readonly TargetPolicy Default = new();

    /// <summary>Some rule or default sends calls to the group.</summary>
    public bool IsInUse { get; init; } = true;

    /// <summary>Active checks say who is healthy; without them everybody is taken to be.</summary>
    public bool IsChecked { get; init; }

    /// <summary>Targets that begin to take calls beside others start with a small share. Whoever holds the table lets it grow.</summary>
    public bool StartsSlowly { get; init; }

    /// <summary>Fewer available targets than this, and calls go to all. At least 1; by default 1, so when there is none.</summary>
    public int MinimumHealthyCount { get; init; } = 1;

    /// <summary>The same in percent of those registered, 1 to 100; 0 for off, the default.</summary>
    public int MinimumHealthyPercentage { get; init; }

    /// <summary>Below those marks calls go to all targets, healthy or not. Off, they go to those that are available or nowhere.</summary>
    public bool FailsOpen { get; init; } = true;

    /// <summary>Whether too few targets are available.</summary>
    public bool IsBelowMark(int available, int registered) =>
        available < MinimumHealthyCount || available * 100L < MinimumHealthyPercentage * (long)registered;

    /// <summary>What is said about a target that nobody has checked yet.</summary>
    public TargetHealth HealthAtFirst => !IsInUse ? TargetHealth.NotInUse : IsChecked ? TargetHealth.Registering : TargetHealth.Unchecked;

    /// <summary>What is said about a target once this policy counts.</summary>
    public TargetHealth HealthAfter(TargetHealth before) => before.State switch
    {
        _ when !IsInUse || !IsChecked => HealthAtFirst,
        HealthState.Unused => TargetHealth.Registering,
        HealthState.Unavailable => TargetHealth.CheckingWithCalls,
        _ => before,
    };
}
