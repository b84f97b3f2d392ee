using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health.Checks;

/// <summary>
/// Counts checks in a row and says what a target is by them. A new one is healthy with the first pass, so that it takes calls at once, and
/// stays initial until it has failed often enough.
/// </summary>
internal struct CheckCount(HealthCheckPlan plan, HealthState state)
{
    private int _run; // results in a row that speak against the state

    /// <summary>Initial, healthy or unhealthy.</summary>
    public HealthState State { get; private set; } = state;

    public HealthState Count(bool passed)
    {
        var speaksForIt = State == HealthState.Healthy ? passed : State == HealthState.Unhealthy && !passed;
        if (speaksForIt)
        {
            _run = 0;
            return State;
        }

        if (passed && State == HealthState.Initial) _run = 0;
        var enough = !passed ? plan.UnhealthyThreshold : State == HealthState.Initial ? 1 : plan.HealthyThreshold;
        if (++_run < enough) return State;
        _run = 0;
        return State = passed ? HealthState.Healthy : HealthState.Unhealthy;
    }
}
