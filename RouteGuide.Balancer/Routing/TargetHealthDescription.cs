namespace RouteGuide.Balancer.Routing;

/// <summary>A target as people see it: one state out of all that is known.</summary>
/// <param name="Target">The target, with its weight and calls.</param>
/// <param name="State">What counts most of what is known.</param>
/// <param name="Reason">Its code; null if it is healthy.</param>
/// <param name="Description">For people; null where there is nothing to add.</param>
/// <param name="Share">What its weight is multiplied by now, above 0 to 1.</param>
internal sealed record TargetHealthDescription(Target Target, HealthState State, string? Reason, string? Description, double Share)
{
    /// <summary>Whether its calls fail more often than those of the others.</summary>
    public AnomalyDetection Anomaly { get; private init; } = AnomalyDetection.Normal;

    public static TargetHealthDescription Of(in TargetEntry entry) => StateOf(entry) with { Anomaly = AnomalyDetection.Of(entry) };

    private static TargetHealthDescription StateOf(in TargetEntry entry)
    {
        var share = entry.Share * entry.Ramp;
        if (entry.Draining) return new(entry.Target, HealthState.Draining, "Target.DeregistrationInProgress", "Target deregistration is in progress", share);
        if (entry.Health.State is HealthState.Unhealthy or HealthState.Unused) return Plain(entry);
        if (entry.Suspect) return new(entry.Target, HealthState.Unhealthy, "Target.FailedHealthChecks", "No connection to the target can be made, or the last one broke", share);
        return entry.Ejected is { } why ? new(entry.Target, HealthState.Ejected, "Target.Ejected", why, share) : Plain(entry);

        TargetHealthDescription Plain(in TargetEntry e) => new(e.Target, e.Health.State, e.Health.Reason, e.Health.Description, share);
    }
}
