using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Proxy;

/// <summary>Which calls get a span, where somebody records spans.</summary>
internal sealed record TracingSettings
{
    [Setting("SampleRatio", "the share of calls with a span, among those whose client has not decided it by the flags of its `traceparent`", Least = 0, Most = 1)]
    public double SampleRatio { get; init; } = 1;
}
