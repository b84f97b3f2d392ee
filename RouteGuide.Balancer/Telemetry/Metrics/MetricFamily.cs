namespace RouteGuide.Balancer.Telemetry.Metrics;

/// <summary>What a number does over time.</summary>
internal enum MetricKind
{
    /// <summary>It only grows.</summary>
    Counter,

    /// <summary>It goes up and down.</summary>
    Gauge,

    /// <summary>How many of many values are in which class.</summary>
    Histogram,
}

/// <summary>A metric with all its labels' values: one thing, said once, for OpenTelemetry and for Prometheus.</summary>
/// <param name="Name">Of the instrument, with dots.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Unit">Of UCUM: <c>s</c>, <c>By</c>, or in braces what is counted.</param>
/// <param name="Help">What it is, for people: a phrase without a full stop.</param>
/// <param name="Labels">Their names.</param>
/// <param name="Collect">Adds its values as of now.</param>
internal sealed record MetricFamily(string Name, MetricKind Kind, string Unit, string Help, string[] Labels, Action<Samples> Collect)
{
    /// <summary>By Prometheus' rules for names: underscores, the unit, and <c>_total</c> for what only grows.</summary>
    public string PrometheusName { get; } =
        Name.Replace('.', '_') + Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" } + (Kind == MetricKind.Counter ? "_total" : "");
}

/// <summary>A value and the values of its labels, in the order of their names.</summary>
internal readonly record struct Sample(double Value, string[] Labels);

/// <summary>A histogram's counts in each class, not cumulated, the sum of its values, and the values of its labels.</summary>
internal sealed record HistogramSample(long[] Counts, double Sum, string[] Labels);

/// <summary>Collects the values of one family.</summary>
internal sealed class Samples
{
    public List<Sample> Values { get; } = [];

    public List<HistogramSample> Histograms { get; } = [];

    public void Add(double value, params string[] labels) => Values.Add(new Sample(value, labels));

    /// <summary>The same, of something that is mostly zero and then left out.</summary>
    public void AddIfAny(double value, params string[] labels)
    {
        if (value != 0) Add(value, labels);
    }
}
