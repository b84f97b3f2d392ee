using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Telemetry.Traces;

/// <summary>What the pages ask about traces.</summary>
internal static class TraceEndpoints
{
    private static readonly FieldInfo[] BuiltIn =
    [
        new("span.name", "Name", true), new("span.kind", "Kind", true), new("span.status", "Status", true), new("span.durationMs", "Duration (ms)", true), new("span.traceId", "Trace id", true), new("span.resource", "Resource", true),
    ];

    public static void MapTraces(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/traces", (HttpRequest request, TraceStore store) =>
        {
            var query = TraceQuery.From(request.Query);
            var limit = (int)request.Query.Number("limit", 100, 1, 1000);
            var before = request.Query.Number("before", long.MaxValue, 0, long.MaxValue);
            var matching = store.Where(query.Fits);
            var older = matching.Where(trace => trace.Sequence < before).ToArray();
            return new TracePage([.. older.TakeLast(limit).Reverse().Select(TraceRow.Of)], matching.Count, older.Length > limit, Longest(matching));
        });
        app.MapGet("/api/traces/{id}", (string id, TraceDetail detail) =>
            Ids.TryTrace(id, out var trace) ? detail.Of(trace) ?? throw ProblemException.Missing($"The trace '{id}' is not kept (any more).") : throw ProblemException.Bad($"id: '{id}' is not 32 hexadecimal digits."));
        app.MapGet("/api/traces/fields", (HttpRequest request, TraceStore store) =>
        {
            var keys = Spans(request, store).SelectMany(span => span.Attributes).Select(attribute => attribute.Key).Distinct().Order(StringComparer.OrdinalIgnoreCase);
            return BuiltIn.Concat(keys.Select(key => new FieldInfo(key, key, false)));
        });
        app.MapGet("/api/traces/values", (HttpRequest request, TraceStore store) =>
        {
            var field = request.Query.Text("field") ?? throw ProblemException.Bad("field: name the field whose values are wanted.");
            return FieldValue.MostFrequent(Spans(request, store).Select(span => span.Get(field)));
        });
        app.MapDelete("/api/traces", (HttpRequest request, TelemetryHub hub) =>
        {
            hub.Clear(request.Query.Text("resource"), ofTraces: true);
            return Results.NoContent();
        });
    }

    /// <summary>The duration of the longest of them.</summary>
    public static double Longest(IEnumerable<TraceSnapshot> traces) => traces.Select(trace => (double)(trace.Spans.Max(span => span.End) - trace.Spans.Min(span => span.Start))).DefaultIfEmpty().Max();

    private static IEnumerable<SpanItem> Spans(HttpRequest request, TraceStore store)
    {
        var resource = request.Query.Text("resource");
        return store.Where(_ => true).SelectMany(trace => trace.Spans).Where(span => span.Resource.Is(resource));
    }
}
