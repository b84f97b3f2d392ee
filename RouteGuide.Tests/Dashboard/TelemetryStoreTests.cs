extern alias dashboard;

using dashboard::OpenTelemetry.Proto.Collector.Logs.V1;
using dashboard::OpenTelemetry.Proto.Collector.Trace.V1;
using dashboard::OpenTelemetry.Proto.Common.V1;
using dashboard::OpenTelemetry.Proto.Logs.V1;
using dashboard::OpenTelemetry.Proto.Resource.V1;
using dashboard::OpenTelemetry.Proto.Trace.V1;
using dashboard::RouteGuide.Dashboard.Settings;
using dashboard::RouteGuide.Dashboard.Telemetry;
using dashboard::RouteGuide.Dashboard.Telemetry.Logs;
using dashboard::RouteGuide.Dashboard.Telemetry.Traces;
using dashboard::RouteGuide.Dashboard.Web;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace RouteGuide.Tests.Dashboard;

public sealed class TelemetryStoreTests
{
    [Fact]
    public void The_oldest_traces_make_room()
    {
        var (store, ingestion) = Traces(new TelemetryLimits(Traces: 3));
        for (byte i = 1; i <= 5; i++) ingestion.Take(Spans(NewSpan(i, 1)));
        Assert.Equal(["00000000000000000000000000000003", "00000000000000000000000000000004", "00000000000000000000000000000005"], store.Where(_ => true).Select(trace => Ids.Text(trace.Id)));
        Assert.True(store.IsOver);
        Assert.Equal(3, store.SpanCount);
    }

    [Fact]
    public void Memory_is_bounded_in_bytes_too()
    {
        var limits = new TelemetryLimits(TraceBytes: 100_000);
        var (store, ingestion) = Traces(limits);
        for (var i = 0; i < 200; i++)
        {
            var span = NewSpan((byte)(i + 1), 1);
            span.Attributes.Add(Pair("filler", new string('x', 5_000)));
            ingestion.Take(Spans(span));
            Assert.InRange(store.Bytes, 1, limits.TraceBytes);
        }

        Assert.InRange(store.Count, 1, 20);
    }

    [Fact]
    public void A_trace_has_no_more_spans_than_it_may_and_each_once()
    {
        var (store, ingestion) = Traces(new TelemetryLimits(SpansPerTrace: 40));
        for (byte i = 1; i <= 60; i++) ingestion.Take(Spans(NewSpan(1, i), NewSpan(1, i)));
        var trace = Assert.Single(store.Where(_ => true));
        Assert.Equal(40, trace.Spans.Length);
        Assert.True(trace.IsTruncated);
    }

    [Fact]
    public void Attributes_are_cut_to_the_limits()
    {
        var (store, ingestion) = Traces(new TelemetryLimits(Attributes: 2, AttributeLength: 10));
        var span = NewSpan(1, 1);
        span.Attributes.Add(Pair("a", "0123456789abc"));
        span.Attributes.Add(new KeyValue { Key = "b", Value = new AnyValue { KvlistValue = new KeyValueList { Values = { Pair("inner", "value that is long") } } } });
        span.Attributes.Add(Pair("c", "left out"));
        ingestion.Take(Spans(span));
        var kept = Assert.Single(store.Where(_ => true)).Spans[0].Attributes;
        Assert.Equal(2, kept.Length);
        Assert.Equal("0123456789", kept[0].Value);
        Assert.Equal(10, kept[1].Value.Length);
    }

    [Fact]
    public void What_too_many_resources_send_is_refused()
    {
        var limits = new TelemetryLimits(Resources: 1);
        var reader = new AttributeReader(limits);
        var store = new TraceStore(limits);
        var ingestion = new TraceIngestion(new TelemetryResources(limits, new Palette(), reader), reader, store, limits);
        var request = Spans(NewSpan(1, 1));
        request.ResourceSpans.Add(Spans(NewSpan(2, 1)).ResourceSpans[0]);
        request.ResourceSpans[1].Resource.Attributes[0].Value.StringValue = "second";
        Assert.Equal(1, ingestion.Take(request).PartialSuccess.RejectedSpans);
        Assert.Equal(1, store.Count);
    }

    [Fact]
    public void A_waterfall_has_parents_before_children_whatever_came_first()
    {
        var (store, ingestion) = Traces(new TelemetryLimits());
        // 1 is the root of 2 and 3; 4 has lost its parent; 5 and 6 are each other's.
        ingestion.Take(Spans(NewSpan(1, 3, parent: 1, start: 30), NewSpan(1, 2, parent: 1, start: 20), NewSpan(1, 4, parent: 9, start: 25), NewSpan(1, 1, start: 10), NewSpan(1, 5, parent: 6, start: 50), NewSpan(1, 6, parent: 5, start: 60)));
        var order = TraceDetail.Order(Assert.Single(store.Where(_ => true)).Spans);
        Assert.Equal([(1UL, 0), (2UL, 1), (3UL, 1), (4UL, 0), (5UL, 0), (6UL, 1)], order.Select(entry => (entry.Span.Id, entry.Depth)));
    }

    [Fact]
    public void Traces_are_found_by_what_one_of_their_spans_has()
    {
        var (store, ingestion) = Traces(new TelemetryLimits());
        var slow = NewSpan(1, 1);
        slow.Attributes.Add(Pair("size", "9"));
        slow.Attributes.Add(Pair("color", "Red"));
        var split = (NewSpan(2, 1), NewSpan(2, 2));
        split.Item1.Attributes.Add(Pair("size", "9"));
        split.Item2.Attributes.Add(Pair("color", "red"));
        ingestion.Take(Spans(slow, split.Item1, split.Item2));
        int Count(params string[] filters) => store.Where(TraceQuery.From(Query(("filter", filters))).Fits).Count;
        Assert.Equal(2, Count("""{"field":"size","condition":"greaterThan","value":"8"}"""));
        Assert.Equal(0, Count("""{"field":"size","condition":"greaterThan","value":"10"}"""));
        Assert.Equal(1, Count("""{"field":"size","condition":"equals","value":"9"}""", """{"field":"color","condition":"equals","value":"red"}"""));
        Assert.Throws<ProblemException>(() => Count("""{"field":"size"}"""));
        Assert.Single(store.Where(TraceQuery.From(Query(("text", [Ids.Text((UInt128)2)]))).Fits));
    }

    [Fact]
    public void Log_records_are_kept_followed_and_cleared()
    {
        var limits = new TelemetryLimits(Logs: 3);
        var reader = new AttributeReader(limits);
        var store = new LogStore(limits);
        var resources = new TelemetryResources(limits, new Palette(), reader);
        var ingestion = new LogIngestion(resources, reader, store, TimeProvider.System);
        for (var i = 1; i <= 5; i++) ingestion.Take(Log($"message {i}", i == 5 ? SeverityNumber.Error : SeverityNumber.Info, span: i == 5));
        Assert.Equal(["message 3", "message 4", "message 5"], store.All().Select(item => item.Message));
        Assert.Equal(["message 5"], store.After(4, out var lost).Select(item => item.Message));
        Assert.Equal(0, lost);
        Assert.Equal(3, store.After(1, out lost).Length);
        Assert.Equal(1, lost);
        Assert.Equal(1, resources.All.Single().UnseenErrors);
        Assert.Equal(1, store.CountOf(1, 1));
        Assert.Equal("message 5", Assert.Single(store.All(), LogQuery.From(Query(("level", ["Warning"]))).Fits).Message);
        Assert.Equal("message 4", Assert.Single(store.All(), LogQuery.From(Query(("filter", ["""{"field":"log.message","condition":"contains","value":"GE 4"}"""]))).Fits).Message);

        store.Clear("another");
        Assert.Equal(3, store.Count);
        store.Clear("logger");
        Assert.Equal(0, store.Count);
        Assert.Equal(0, store.Bytes);
        Assert.Equal(0, store.CountOf(1, 1));
    }

    private static (TraceStore Store, TraceIngestion Ingestion) Traces(TelemetryLimits limits)
    {
        var reader = new AttributeReader(limits);
        var store = new TraceStore(limits);
        return (store, new TraceIngestion(new TelemetryResources(limits, new Palette(), reader), reader, store, limits));
    }

    private static Span NewSpan(byte trace, byte span, byte parent = 0, ulong start = 1) => new()
    {
        TraceId = ByteString.CopyFrom([.. new byte[15], trace]),
        SpanId = ByteString.CopyFrom([.. new byte[7], span]),
        ParentSpanId = parent == 0 ? ByteString.Empty : ByteString.CopyFrom([.. new byte[7], parent]),
        Name = $"span {span}",
        StartTimeUnixNano = start,
        EndTimeUnixNano = start + 5,
    };

    private static ExportTraceServiceRequest Spans(params Span[] spans) => new()
    {
        ResourceSpans = { new ResourceSpans { Resource = new Resource { Attributes = { Pair("service.name", "first") } }, ScopeSpans = { new ScopeSpans { Spans = { spans } } } } },
    };

    private static ExportLogsServiceRequest Log(string message, SeverityNumber severity, bool span) => new()
    {
        ResourceLogs =
        {
            new ResourceLogs
            {
                Resource = new Resource { Attributes = { Pair("service.name", "logger") } },
                ScopeLogs =
                {
                    new ScopeLogs
                    {
                        LogRecords =
                        {
                            new LogRecord
                            {
                                Body = new AnyValue { StringValue = message },
                                SeverityNumber = severity,
                                TraceId = span ? ByteString.CopyFrom([.. new byte[15], 1]) : ByteString.Empty,
                                SpanId = span ? ByteString.CopyFrom([.. new byte[7], 1]) : ByteString.Empty,
                            },
                        },
                    },
                },
            },
        },
    };

    private static KeyValue Pair(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    private static QueryCollection Query(params (string Name, string[] Values)[] parameters) => new(parameters.ToDictionary(parameter => parameter.Name, parameter => new StringValues(parameter.Values)));
}
