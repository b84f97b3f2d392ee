namespace RouteGuide.Balancer.Routing;

/// <summary>What is learned about a target from its calls. Any thread; what nobody needs is not kept up.</summary>
internal sealed class TargetLoad
{
    /// <summary>How long it takes to answer; kept up for peak_ewma alone.</summary>
    public LatencyEstimate Latency { get; } = new();

    /// <summary>How attempts ended.</summary>
    public OutcomeTally Outcomes { get; } = new();

    /// <summary>What it says about itself; kept up for orca_weighted_round_robin alone.</summary>
    public ReportedWeight Reported { get; } = new();
}
