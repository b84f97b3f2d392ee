using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Resource.V1;
using OpenTelemetry.Proto.Trace.V1;
using RouteGuide.Dashboard.Telemetry.Logs;
using RouteGuide.Dashboard.Telemetry.Metrics;
using RouteGuide.Dashboard.Telemetry.Traces;

namespace RouteGuide.Dashboard.Telemetry.Archive;

/// <summary>What is kept, as OTLP's messages again: those of one sender each. Attributes are texts by now, and metrics what has been added.</summary>
internal static class OtlpMessages
{
    /// <summary>How many records, spans or points a message has at most: it must pass where telemetry is taken in, too.</summary>
    public const int MaxItems = 1_000;

    private const int SeveritiesPerLevel = 4;

    public static IEnumerable<ExportLogsServiceRequest> Logs(TelemetryResource resource, IEnumerable<LogItem> items)
    {
        foreach (var part in items.Chunk(MaxItems))
        {
            var sent = new ResourceLogs { Resource = Sender(resource) };
            foreach (var scope in part.GroupBy(item => item.Category))
            {
                var logs = new ScopeLogs { Scope = new InstrumentationScope { Name = scope.Key, Attributes = { Attributes(scope.First().ScopeAttributes) } } };
                logs.LogRecords.Add(scope.Select(Record));
                sent.ScopeLogs.Add(logs);
            }

            yield return new ExportLogsServiceRequest { ResourceLogs = { sent } };
        }
    }

    public static IEnumerable<ExportTraceServiceRequest> Traces(TelemetryResource resource, IEnumerable<SpanItem> items)
    {
        foreach (var part in items.Chunk(MaxItems))
        {
            var sent = new ResourceSpans { Resource = Sender(resource) };
            foreach (var scope in part.GroupBy(item => item.Scope))
            {
                var spans = new ScopeSpans { Scope = new InstrumentationScope { Name = scope.Key.Name, Version = scope.Key.Version ?? "" } };
                spans.Spans.Add(scope.Select(Span));
                sent.ScopeSpans.Add(spans);
            }

            yield return new ExportTraceServiceRequest { ResourceSpans = { sent } };
        }
    }

    /// <summary>To be called where the item may be read, under the store's lock: the messages hold copies.</summary>
    public static List<ExportMetricsServiceRequest> Metrics(ResourceMetricsItem item)
    {
        var requests = new List<ExportMetricsServiceRequest>();
        var count = MaxItems;
        foreach (var instrument in item.Instruments.Values)
        {
            foreach (var series in instrument.Series.Values)
            {
                foreach (var part in series.Points.Chunk(MaxItems))
                {
                    if (count + part.Length > MaxItems)
                    {
                        requests.Add(new ExportMetricsServiceRequest { ResourceMetrics = { new ResourceMetrics { Resource = Sender(item.Resource) } } });
                        count = 0;
                    }

                    count += part.Length;
                    requests[^1].ResourceMetrics[0].ScopeMetrics.Add(new ScopeMetrics
                    {
                        Scope = new InstrumentationScope { Name = instrument.Meter, Version = instrument.MeterVersion ?? "" },
                        Metrics = { Measured(instrument, series, part) },
                    });
                }
            }
        }

        return requests;
    }

    private static LogRecord Record(LogItem item)
    {
        var record = new LogRecord
        {
            TimeUnixNano = item.Time,
            SeverityNumber = item.Severity == LogSeverity.Unspecified ? SeverityNumber.Unspecified : (SeverityNumber)(((int)item.Severity * SeveritiesPerLevel) + 1),
            SeverityText = item.Severity == LogSeverity.Unspecified ? "" : item.Severity.ToString(),
            Body = new AnyValue { StringValue = item.Message },
            EventName = item.EventName ?? "",
            TraceId = Ids.Bytes(item.TraceId),
            SpanId = Ids.Bytes(item.SpanId),
        };
        record.Attributes.Add(Attributes(item.Attributes));
        if (item.Template is { } template) record.Attributes.Add(Pair("{OriginalFormat}", template));
        if (item.Exception is { } exception) record.Attributes.Add(Pair("exception.stacktrace", exception));
        return record;
    }

    private static Span Span(SpanItem item)
    {
        var span = new Span
        {
            TraceId = Ids.Bytes(item.TraceId),
            SpanId = Ids.Bytes(item.Id),
            ParentSpanId = Ids.Bytes(item.ParentId),
            Name = item.Name,
            Kind = item.Kind,
            StartTimeUnixNano = item.Start,
            EndTimeUnixNano = item.End,
            Status = new Status { Code = item.Status, Message = item.StatusMessage ?? "" },
        };
        span.Attributes.Add(Attributes(item.Attributes));
        span.Events.Add(item.Events.Select(happened => new Span.Types.Event { Name = happened.Name, TimeUnixNano = happened.Time, Attributes = { Attributes(happened.Attributes) } }));
        span.Links.Add(item.Links.Select(link => new Span.Types.Link { TraceId = Ids.Bytes(link.TraceId), SpanId = Ids.Bytes(link.SpanId), Attributes = { Attributes(link.Attributes) } }));
        return span;
    }

    private static Metric Measured(Instrument instrument, MetricSeries series, IEnumerable<MetricPoint> points)
    {
        var metric = new Metric { Name = instrument.Name, Description = instrument.Description, Unit = instrument.Unit };
        switch (instrument.Kind)
        {
            case MetricKind.Histogram:
                metric.Histogram = new Histogram { AggregationTemporality = AggregationTemporality.Delta };
                metric.Histogram.DataPoints.Add(points.Select(point => Bucketed(series, point)));
                metric.Histogram.DataPoints[^1].Exemplars.Add(Exemplars(series));
                break;
            case MetricKind.Gauge:
                metric.Gauge = new Gauge();
                metric.Gauge.DataPoints.Add(points.Select(point => Number(series, point)));
                break;
            default:
                var isCounter = instrument.Kind == MetricKind.Counter;
                metric.Sum = new Sum { IsMonotonic = isCounter, AggregationTemporality = isCounter ? AggregationTemporality.Delta : AggregationTemporality.Cumulative };
                metric.Sum.DataPoints.Add(points.Select(point => Number(series, point)));
                metric.Sum.DataPoints[^1].Exemplars.Add(Exemplars(series));
                break;
        }

        return metric;
    }

    private static NumberDataPoint Number(MetricSeries series, MetricPoint point) => new()
    {
        StartTimeUnixNano = Nanoseconds(point.From),
        TimeUnixNano = Nanoseconds(point.Time),
        AsDouble = point.Value,
        Attributes = { Attributes(series.Attributes) },
    };

    private static HistogramDataPoint Bucketed(MetricSeries series, MetricPoint point)
    {
        var bucketed = new HistogramDataPoint
        {
            StartTimeUnixNano = Nanoseconds(point.From),
            TimeUnixNano = Nanoseconds(point.Time),
            Count = point.Count,
            Sum = point.Value,
            Attributes = { Attributes(series.Attributes) },
            BucketCounts = { point.Buckets ?? [] },
            ExplicitBounds = { point.Bounds ?? [] },
        };
        if (double.IsFinite(point.Min)) bucketed.Min = point.Min;
        if (double.IsFinite(point.Max)) bucketed.Max = point.Max;
        return bucketed;
    }

    private static IEnumerable<Exemplar> Exemplars(MetricSeries series) => series.Exemplars.Select(exemplar => new Exemplar
    {
        TimeUnixNano = Nanoseconds(exemplar.Time),
        AsDouble = exemplar.Value,
        TraceId = Ids.Bytes(exemplar.TraceId),
        SpanId = Ids.Bytes(exemplar.SpanId),
        FilteredAttributes = { Attributes(exemplar.Attributes) },
    });

    private static Resource Sender(TelemetryResource resource) => new() { Attributes = { Attributes(resource.Attributes) } };

    private static IEnumerable<KeyValue> Attributes(Attribute[] attributes) => attributes.Select(attribute => Pair(attribute.Key, attribute.Value));

    private static KeyValue Pair(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    private static ulong Nanoseconds(long milliseconds) => (ulong)milliseconds * 1_000_000;
}
