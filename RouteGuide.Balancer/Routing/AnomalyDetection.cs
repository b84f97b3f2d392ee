namespace RouteGuide.Balancer.Routing;

/// <summary>What is said about a target's failures beside those of its peers, as in AWS's <c>DescribeTargetHealth</c>.</summary>
/// <param name="Result"><c>normal</c> or <c>anomalous</c>.</param>
/// <param name="MitigationInEffect"><c>yes</c> while it gets fewer calls for that reason, else <c>no</c>.</param>
internal sealed record AnomalyDetection(string Result, string MitigationInEffect)
{
    public static readonly AnomalyDetection Normal = new("normal", "no");

    public static AnomalyDetection Of(in TargetEntry entry) => new(entry.Target.Load.Outcomes.IsAnomalous ? "anomalous" : "normal", entry.Share < 1 ? "yes" : "no");
}
