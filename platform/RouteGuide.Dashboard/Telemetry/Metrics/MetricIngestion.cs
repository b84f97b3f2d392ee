using Google.Protobuf.Collections;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Metrics.V1;

namespace RouteGuide.Dashboard.Telemetry.Metrics;

/// <summary>
/// From OTLP's metrics to points. Sources report either what has been added or all since their start; what is kept is always what has been
/// added, so that any window of time is a sum.
/// </summary>
/// <param name="resources">Who sends.</param>
/// <param name="reader">Reads attributes.</param>
/// <param name="store">Where they are kept.</param>
/// <param name="time">Sets right the times of sources whose clock is far off.</param>
internal sealed class MetricIngestion(TelemetryResources resources, AttributeReader reader, MetricStore store, TimeProvider time)
{
    private const uint NoRecordedValue = 1;
    private static readonly long FarOff = (long)TimeSpan.FromHours(24).TotalMilliseconds;

    public ExportMetricsServiceResponse Take(ExportMetricsServiceRequest request)
    {
        var refusals = new Refusals();
        foreach (var sent in request.ResourceMetrics)
        {
            if (resources.Of(sent.Resource) is not { } resource)
            {
                refusals.Add(sent.ScopeMetrics.Sum(scope => (long)scope.Metrics.Count), TelemetryHub.TooManyResources);
                continue;
            }

            store.Write(resource, item =>
            {
                foreach (var scope in sent.ScopeMetrics)
                {
                    foreach (var metric in scope.Metrics) Take(item, scope.Scope, metric, refusals);
                    if (scope.Metrics.Count > 0) resource.HasMetrics = true;
                }
            });
        }

        return refusals.Count == 0
            ? new ExportMetricsServiceResponse()
            : new ExportMetricsServiceResponse { PartialSuccess = new ExportMetricsPartialSuccess { RejectedDataPoints = refusals.Count, ErrorMessage = refusals.Reason } };
    }

    private void Take(ResourceMetricsItem item, InstrumentationScope? scope, Metric metric, Refusals refusals)
    {
        if (metric.DataCase == Metric.DataOneofCase.Summary)
        {
            foreach (var part in Summaries.Unfold(metric)) Take(item, scope, part, refusals);
            return;
        }

        MetricKind? kind = metric.DataCase switch
        {
            Metric.DataOneofCase.Gauge => MetricKind.Gauge,
            Metric.DataOneofCase.Sum => metric.Sum.IsMonotonic ? MetricKind.Counter : MetricKind.UpDown,
            Metric.DataOneofCase.Histogram or Metric.DataOneofCase.ExponentialHistogram => MetricKind.Histogram,
            _ => null,
        };
        if (kind is null)
        {
            refusals.Add(1, $"'{metric.Name}' is neither gauge, sum, histogram nor summary.");
            return;
        }

        var key = (reader.Share(reader.Cut(scope?.Name ?? "")), reader.Share(reader.Cut(metric.Name)));
        var instrument = store.InstrumentOf(item, key, () => new Instrument(key.Item1, scope?.Version is { Length: > 0 } version ? reader.Cut(version) : null, key.Item2, reader.Cut(metric.Description), reader.Cut(metric.Unit), kind.Value));
        if (instrument is null || instrument.Kind != kind)
        {
            refusals.Add(1, instrument is null ? "There are too many instruments already." : $"'{metric.Name}' is a {instrument.Kind} and cannot become a {kind}.");
            return;
        }

        switch (metric.DataCase)
        {
            case Metric.DataOneofCase.Gauge:
                foreach (var point in metric.Gauge.DataPoints) Take(item, instrument, point, AggregationTemporality.Unspecified, refusals);
                break;
            case Metric.DataOneofCase.Sum:
                foreach (var point in metric.Sum.DataPoints) Take(item, instrument, point, metric.Sum.AggregationTemporality, refusals);
                break;
            case Metric.DataOneofCase.Histogram:
                foreach (var point in metric.Histogram.DataPoints)
                {
                    if ((point.Flags & NoRecordedValue) != 0) continue;
                    if (Explicit(point) is not { } shape) refusals.Add(1, $"'{metric.Name}' has {point.BucketCounts.Count} buckets and {point.ExplicitBounds.Count} bounds.");
                    else Take(item, instrument, point.Attributes, point.TimeUnixNano, shape, metric.Histogram.AggregationTemporality, point.Exemplars, refusals);
                }

                break;
            default:
                foreach (var point in metric.ExponentialHistogram.DataPoints)
                {
                    if ((point.Flags & NoRecordedValue) != 0) continue;
                    if (ExponentialBuckets.Of(point) is not { } shape) refusals.Add(1, $"'{metric.Name}' has buckets beyond what numbers can hold.");
                    else Take(item, instrument, point.Attributes, point.TimeUnixNano, shape, metric.ExponentialHistogram.AggregationTemporality, point.Exemplars, refusals);
                }

                break;
        }
    }

    private void Take(ResourceMetricsItem item, Instrument instrument, NumberDataPoint point, AggregationTemporality temporality, Refusals refusals)
    {
        var value = point.ValueCase == NumberDataPoint.ValueOneofCase.AsInt ? point.AsInt : point.AsDouble;
        if ((point.Flags & NoRecordedValue) != 0 || !double.IsFinite(value)) return;
        if (Series(instrument, point.Attributes, refusals) is not { } series) return;
        var (from, at) = (series.LastSeen, Milliseconds(point.TimeUnixNano));
        if (!series.TrySee(at)) return;
        if (instrument.Kind == MetricKind.Counter && temporality != AggregationTemporality.Delta)
        {
            var now = new Accumulated(point.StartTimeUnixNano, value);
            var added = Added(item, series, now, isHistogram: false);
            value = added.Value;
        }
        else if (instrument.Kind == MetricKind.UpDown && temporality == AggregationTemporality.Delta)
        {
            value += series.Baseline?.Value ?? 0;
            series.Baseline = new Accumulated(0, value);
        }

        // A counter that stands still says so by having been seen.
        if (instrument.Kind != MetricKind.Counter || value != 0) store.Add(item, series, new MetricPoint { From = from == 0 ? at : from, Time = at, Value = value }, instrument.Kind != MetricKind.Counter);
        Exemplars(series, point.Exemplars);
    }

    private void Take(ResourceMetricsItem item, Instrument instrument, RepeatedField<KeyValue> attributes, ulong when, HistogramShape shape, AggregationTemporality temporality, RepeatedField<Exemplar> exemplars, Refusals refusals)
    {
        if (Series(instrument, attributes, refusals) is not { } series) return;
        var (from, at) = (series.LastSeen, Milliseconds(when));
        if (!series.TrySee(at)) return;
        var added = temporality == AggregationTemporality.Delta ? shape.Sums : Added(item, series, shape.Sums, isHistogram: true);
        if (added.Count > 0)
        {
            var bounds = series.Points.LastOrDefault()?.Bounds is { } known && known.AsSpan().SequenceEqual(shape.Bounds) ? known : shape.Bounds;
            store.Add(item, series, new MetricPoint { From = from == 0 ? at : from, Time = at, Value = added.Value, Count = added.Count, Bounds = bounds, Buckets = shape.Spread(added.Buckets), Min = shape.Min, Max = shape.Max }, isLevel: false);
        }

        Exemplars(series, exemplars);
    }

    private static Accumulated Added(ResourceMetricsItem item, MetricSeries series, Accumulated now, bool isHistogram)
    {
        var before = series.Baseline;
        series.Baseline = now;
        if (before is { Buckets: { } buckets } && now.Buckets is not null && before.Scale != now.Scale)
        {
            if (ExponentialBuckets.TryRescale(buckets, before.Scale, now.Scale) is { } rescaled) before = before with { Buckets = rescaled, Scale = now.Scale };
            else before = null;
        }

        // The first sum of a source that is older than we are holds what happened before anybody looked.
        if (before is null && item.Reports == 0 && now.Start < item.Since) return new Accumulated(now.Start, 0, 0, [], now.Scale);
        return now.Since(before, isHistogram);
    }

    private MetricSeries? Series(Instrument instrument, RepeatedField<KeyValue> attributes, Refusals refusals)
    {
        var series = store.SeriesOf(instrument, reader.Read(attributes));
        if (series is null) refusals.Add(1, $"'{instrument.Name}' has too many sets of attributes already.");
        return series;
    }

    private void Exemplars(MetricSeries series, RepeatedField<Exemplar> exemplars)
    {
        foreach (var exemplar in exemplars)
        {
            var value = exemplar.ValueCase == Exemplar.ValueOneofCase.AsInt ? exemplar.AsInt : exemplar.AsDouble;
            if (double.IsFinite(value)) series.Add(new ExemplarItem(Milliseconds(exemplar.TimeUnixNano), value, Ids.Trace(exemplar.TraceId), Ids.Span(exemplar.SpanId), reader.Read(exemplar.FilteredAttributes)));
        }
    }

    private long Milliseconds(ulong nanoseconds)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var at = (long)(nanoseconds / 1_000_000);
        return Math.Abs(at - now) > FarOff ? now : at;
    }

    private static HistogramShape? Explicit(HistogramDataPoint point)
    {
        double[] bounds = [.. point.ExplicitBounds];
        if (point.BucketCounts.Count != 0 && point.BucketCounts.Count != bounds.Length + 1) return null;
        for (var i = 0; i < bounds.Length; i++)
        {
            if (!double.IsFinite(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1])) return null;
        }

        var buckets = new Dictionary<int, ulong>();
        for (var i = 0; i < point.BucketCounts.Count; i++)
        {
            if (point.BucketCounts[i] > 0) buckets[i] = point.BucketCounts[i];
        }

        var hash = new HashCode();
        foreach (var bound in bounds) hash.Add(bound);
        var sums = new Accumulated(point.StartTimeUnixNano, double.IsFinite(point.Sum) ? point.Sum : 0, point.Count, buckets, hash.ToHashCode() | ExponentialBuckets.NoScale);
        return new HistogramShape(sums, bounds, 0, point.HasMin ? point.Min : double.NaN, point.HasMax ? point.Max : double.NaN);
    }

    /// <summary>What is not taken, and why the first of it was not.</summary>
    private sealed class Refusals
    {
        public long Count { get; private set; }

        public string Reason { get; private set; } = "";

        public void Add(long count, string reason)
        {
            if (Count == 0) Reason = reason;
            Count += count;
        }
    }
}

/// <summary>A histogram's report, of either kind, in buckets with bounds.</summary>
/// <param name="Sums">The report.</param>
/// <param name="Bounds">The upper bounds of all buckets but the last.</param>
/// <param name="First">The number of the first bucket.</param>
/// <param name="Min">The least that was measured; not a number where it is not told.</param>
/// <param name="Max">The most that was measured; not a number where it is not told.</param>
internal sealed record HistogramShape(Accumulated Sums, double[] Bounds, int First, double Min, double Max)
{
    /// <summary>Counts by bucket, one after the other.</summary>
    public ulong[] Spread(Dictionary<int, ulong>? buckets)
    {
        var counts = new ulong[Bounds.Length + 1];
        foreach (var (bucket, count) in buckets ?? [])
        {
            var at = bucket == ExponentialBuckets.NotPositive ? 0 : (long)bucket - First;
            if (at >= 0 && at < counts.Length) counts[at] += count;
        }

        return counts;
    }
}
