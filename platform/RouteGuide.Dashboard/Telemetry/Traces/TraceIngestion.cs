using Google.Protobuf.Collections;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Trace.V1;
using RouteGuide.Dashboard.Settings;

namespace RouteGuide.Dashboard.Telemetry.Traces;

/// <summary>From OTLP's spans to those that are kept.</summary>
/// <param name="resources">Who sends.</param>
/// <param name="reader">Reads attributes.</param>
/// <param name="store">Where they are kept.</param>
/// <param name="limits">How many events and links of a span, which have the limit of attributes.</param>
internal sealed class TraceIngestion(TelemetryResources resources, AttributeReader reader, TraceStore store, TelemetryLimits limits)
{
    public ExportTraceServiceResponse Take(ExportTraceServiceRequest request)
    {
        var spans = new List<SpanItem>();
        long refused = 0;
        string? reason = null;
        foreach (var sent in request.ResourceSpans)
        {
            var resource = resources.Of(sent.Resource);
            if (resource is null)
            {
                refused += sent.ScopeSpans.Sum(scope => (long)scope.Spans.Count);
                reason = TelemetryHub.TooManyResources;
                continue;
            }

            foreach (var scope in sent.ScopeSpans)
            {
                var from = new SpanScope(reader.Share(reader.Cut(scope.Scope?.Name ?? "")), scope.Scope?.Version is { Length: > 0 } version ? reader.Share(reader.Cut(version)) : null);
                foreach (var span in scope.Spans)
                {
                    if (Item(resource, from, span) is { } item)
                    {
                        spans.Add(item);
                        continue;
                    }

                    refused++;
                    reason ??= "A span has no valid ids: a trace's has 16 bytes, a span's 8, and neither is all zero.";
                }

                if (scope.Spans.Count > 0) resource.HasTraces = true;
            }
        }

        store.Add(spans);
        return refused == 0
            ? new ExportTraceServiceResponse()
            : new ExportTraceServiceResponse { PartialSuccess = new ExportTracePartialSuccess { RejectedSpans = refused, ErrorMessage = reason } };
    }

    private SpanItem? Item(TelemetryResource resource, SpanScope scope, Span span)
    {
        var (trace, id) = (Ids.Trace(span.TraceId), Ids.Span(span.SpanId));
        if (trace == 0 || id == 0) return null;
        return new SpanItem
        {
            TraceId = trace,
            Id = id,
            ParentId = Ids.Span(span.ParentSpanId),
            Name = reader.Share(reader.Cut(span.Name)),
            Kind = span.Kind,
            Start = span.StartTimeUnixNano,
            End = Math.Max(span.StartTimeUnixNano, span.EndTimeUnixNano),
            Status = span.Status?.Code ?? Status.Types.StatusCode.Unset,
            StatusMessage = span.Status?.Message is { Length: > 0 } message ? reader.Cut(message) : null,
            Resource = resource,
            Scope = scope,
            Attributes = reader.Read(span.Attributes),
            Events = Few(span.Events, happened => new SpanEventItem(reader.Share(reader.Cut(happened.Name)), happened.TimeUnixNano, reader.Read(happened.Attributes))),
            Links = Few(span.Links, link => new SpanLinkItem(Ids.Trace(link.TraceId), Ids.Span(link.SpanId), reader.Read(link.Attributes))),
        };
    }

    private TItem[] Few<TSent, TItem>(RepeatedField<TSent> sent, Func<TSent, TItem> item)
    {
        if (sent.Count == 0) return [];
        var few = new TItem[Math.Min(sent.Count, limits.Attributes)];
        for (var i = 0; i < few.Length; i++) few[i] = item(sent[i]);
        return few;
    }
}
