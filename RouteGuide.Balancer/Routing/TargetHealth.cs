namespace RouteGuide.Balancer.Routing;

/// <summary>What active checks say about a target. The codes are those of AWS's <c>DescribeTargetHealth</c>.</summary>
/// <param name="State">Initial, healthy, unhealthy, unused or unavailable.</param>
/// <param name="Reason">A code; null for a target that is healthy.</param>
/// <param name="Description">For people; null where there is nothing to add.</param>
/// <param name="IsPassing">Calls may go there as far as checks are concerned.</param>
internal sealed record TargetHealth(HealthState State, string? Reason, string? Description, bool IsPassing)
{
    public static readonly TargetHealth Unchecked = new(HealthState.Unavailable, "Target.HealthCheckDisabled", "Health checks are disabled for this target group", true);
    public static readonly TargetHealth NotInUse = new(HealthState.Unused, "Target.NotInUse", "No rule sends calls to the target group", false);
    public static readonly TargetHealth NotRegistered = new(HealthState.Unused, "Target.NotRegistered", "The target is not registered with the target group", false);
    public static readonly TargetHealth Registering = new(HealthState.Initial, "Elb.RegistrationInProgress", "Target registration is in progress", false);
    public static readonly TargetHealth Checking = new(HealthState.Initial, "Elb.InitialHealthChecking", "Initial health checks are in progress", false);
    public static readonly TargetHealth Healthy = new(HealthState.Healthy, null, null, true);

    /// <summary>Checks were turned on for a target that has calls already: it keeps them until the checks speak against it.</summary>
    public static readonly TargetHealth CheckingWithCalls = Checking with { IsPassing = true };

    /// <summary>Its checks fail.</summary>
    public static TargetHealth Unhealthy(string reason, string description) => new(HealthState.Unhealthy, reason, description, false);
}
