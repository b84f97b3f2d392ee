using System.Diagnostics.Metrics;

namespace RouteGuide.Balancer.Telemetry.Metrics;

/// <summary>
/// The balancer's instruments for OpenTelemetry and whoever else listens to .NET's. Nothing is recorded while calls run but response
/// times, and those only while somebody listens; everything else is looked up when it is asked for.
/// </summary>
internal sealed class BalancerMeter : IDisposable
{
    public const string Name = "RouteGuide.Balancer";

    private readonly Meter _meter = new(Name);

    public BalancerMeter() =>
        ResponseTime = _meter.CreateHistogram<double>("routeguide.balancer.target.response.time", "s", "from the request's headers that go to a target to the headers of its response");

    public Histogram<double> ResponseTime { get; }

    /// <summary>Makes an instrument of each metric that is no histogram.</summary>
    public void Observe(IEnumerable<MetricFamily> families)
    {
        foreach (var family in families)
        {
            if (family.Kind == MetricKind.Counter) _meter.CreateObservableCounter(family.Name, () => Values(family), family.Unit, family.Help);
            else if (family.Kind == MetricKind.Gauge) _meter.CreateObservableGauge(family.Name, () => Values(family), family.Unit, family.Help);
        }
    }

    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<double>> Values(MetricFamily family)
    {
        var samples = new Samples();
        family.Collect(samples);
        return samples.Values.Select(s => new Measurement<double>(s.Value, family.Labels.Zip(s.Labels, (name, value) => KeyValuePair.Create<string, object?>(name, value))));
    }
}
