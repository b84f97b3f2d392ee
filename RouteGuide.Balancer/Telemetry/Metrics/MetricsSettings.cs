using RouteGuide.Balancer.Proxy.Metering;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Telemetry.Metrics;

/// <summary>Settings of the metrics.</summary>
internal sealed record MetricsSettings
{
    [Setting("MaxMethods", "gRPC methods with a name of their own in the metrics; further ones are counted together as `other`", Least = 0, Most = 10_000, NeedsRestart = true)]
    public int MaxMethods { get; init; } = MeterBook.DefaultMethods;
}
