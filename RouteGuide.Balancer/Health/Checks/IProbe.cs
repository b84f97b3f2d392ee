using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health.Checks;

/// <summary>Makes one check. Called by many threads at once.</summary>
internal interface IProbe
{
    /// <summary>Checks a target.</summary>
    /// <exception cref="OperationCanceledException">The time was over.</exception>
    /// <exception cref="IOException">No connection, or it ended; so do the socket's, TLS's and HTTP's own exceptions say.</exception>
    Task<CheckResult> Check(TargetAddress target, HealthCheckPlan plan, CancellationToken cancellation);
}
