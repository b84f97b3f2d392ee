using System.Globalization;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Metrics.V1;

namespace RouteGuide.Dashboard.Telemetry.Metrics;

/// <summary>
/// Summaries, which old sources send, tell quantiles that they have worked out themselves: they cannot be added up. They are shown as
/// Prometheus writes them: a value for each quantile, which is a dimension, and beside it how many measurements there were, and their sum.
/// </summary>
internal static class Summaries
{
    public const string Quantile = "quantile";

    /// <summary>The metrics that a summary stands for.</summary>
    public static IEnumerable<Metric> Unfold(Metric summary)
    {
        var points = summary.Summary.DataPoints;
        var levels = new Gauge();
        levels.DataPoints.Add(points.SelectMany(point => point.QuantileValues.Select(level => Level(point, level))));
        if (levels.DataPoints.Count > 0) yield return new Metric { Name = summary.Name, Description = summary.Description, Unit = summary.Unit, Gauge = levels };
        yield return Total($"{summary.Name}_count", "How many measurements there were.", "", points.Select(point => Number(point, point.Count)));
        yield return Total($"{summary.Name}_sum", "The sum of the measurements.", summary.Unit, points.Select(point => Number(point, point.Sum)));
    }

    /// <summary>Whether series are quantiles: to add them up would say nothing.</summary>
    public static bool AreQuantiles(IReadOnlyList<MetricSeries> series) => series.Count > 0 && series.All(one => one.Dimension(Quantile) is not null);

    private static Metric Total(string name, string description, string unit, IEnumerable<NumberDataPoint> points)
    {
        var sum = new Sum { IsMonotonic = true, AggregationTemporality = AggregationTemporality.Cumulative };
        sum.DataPoints.Add(points);
        return new Metric { Name = name, Description = description, Unit = unit, Sum = sum };
    }

    private static NumberDataPoint Level(SummaryDataPoint point, SummaryDataPoint.Types.ValueAtQuantile level)
    {
        var number = Number(point, level.Value);
        number.Attributes.Add(new KeyValue { Key = Quantile, Value = new AnyValue { StringValue = level.Quantile.ToString(CultureInfo.InvariantCulture) } });
        return number;
    }

    private static NumberDataPoint Number(SummaryDataPoint point, double value) =>
        new() { Attributes = { point.Attributes }, StartTimeUnixNano = point.StartTimeUnixNano, TimeUnixNano = point.TimeUnixNano, Flags = point.Flags, AsDouble = value };
}
