namespace RouteGuide.Balancer.Routing;

/// <summary>What a target may be found in, in the words of the managed load balancers; only <see cref="Ejected"/> is our own.</summary>
internal enum HealthState
{
    /// <summary>Registered, and no check has spoken yet.</summary>
    Initial,

    /// <summary>Its checks pass.</summary>
    Healthy,

    /// <summary>Its checks fail, or no connection to it can be made.</summary>
    Unhealthy,

    /// <summary>Its checks may pass, but what became of its calls speaks against it.</summary>
    Ejected,

    /// <summary>Nothing is sent to its group, so nothing is checked; or it is not known at all.</summary>
    Unused,

    /// <summary>Deregistered: no further call goes there, those that run have their time.</summary>
    Draining,

    /// <summary>Checks are off. Calls go there.</summary>
    Unavailable,
}

internal static class HealthStates
{
    /// <summary>As it is written: lower case.</summary>
    public static string Name(this HealthState state) => state switch
    {
        HealthState.Initial => "initial",
        HealthState.Healthy => "healthy",
        HealthState.Unhealthy => "unhealthy",
        HealthState.Ejected => "ejected",
        HealthState.Unused => "unused",
        HealthState.Draining => "draining",
        _ => "unavailable",
    };
}
