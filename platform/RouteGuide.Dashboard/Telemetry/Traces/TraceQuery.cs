using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Telemetry.Traces;

/// <summary>Which traces are wanted.</summary>
internal sealed record TraceQuery(string? Resource, string? Text, string Type, bool ErrorsOnly, Filter[] Filters)
{
    private static readonly string[] Types = ["all", "http", "rpc", "database", "messaging", "other"];

    /// <exception cref="ProblemException">A parameter cannot be read.</exception>
    public static TraceQuery From(IQueryCollection query)
    {
        var type = query.Text("type") ?? "all";
        if (!Types.Contains(type)) throw ProblemException.Bad($"type: '{type}' is none of {string.Join(", ", Types)}.");
        return new TraceQuery(query.Text("resource"), query.Text("text"), type, query.Text("errors") == "true", Filter.From(query));
    }

    public bool Fits(TraceItem trace) =>
        (!ErrorsOnly || trace.Errors > 0)
        && (Resource is null || trace.Spans.Any(span => span.Resource.Is(Resource)))
        && (Text is null || Ids.Text(trace.Id).Contains(Text, StringComparison.OrdinalIgnoreCase) || trace.Spans.Any(span => span.Name.Contains(Text, StringComparison.OrdinalIgnoreCase)))
        && (Type == "all" || trace.Spans.Any(span => TypeOf(span) == Type))
        // One span must have it all: a slow span here and a failed one there are not a slow failure.
        && (Filters.Length == 0 || trace.Spans.Any(span => Array.TrueForAll(Filters, filter => filter.Fits(span.Get(filter.Field)))));

    // By the attributes that the semantic conventions require of each.
    private static string TypeOf(SpanItem span) =>
        span.Attribute("rpc.system") is not null || span.Attribute("rpc.method") is not null || span.Attribute("rpc.service") is not null ? "rpc"
        : span.Attribute("db.system.name") is not null || span.Attribute("db.system") is not null ? "database"
        : span.Attribute("messaging.system") is not null ? "messaging"
        : span.Attribute("http.request.method") is null && span.Attribute("http.method") is null ? "other"
        // A gRPC call that the framework traces is an HTTP request with the call's name.
        : span.Name.Contains('/') && span.Name.Contains('.') && !span.Name.Contains(' ') ? "rpc"
        : "http";
}

internal sealed record TraceResourceCount(string Name, int Color, int Spans, int Errors);

/// <summary>A trace in the list.</summary>
internal sealed record TraceRow(
    string Id, long Seq, string Start, double DurationNs, string Name, string Resource, int Color, bool HasError, int SpanCount, int ErrorCount, IReadOnlyList<TraceResourceCount> Resources)
{
    public static TraceRow Of(TraceSnapshot trace)
    {
        var (start, end) = (trace.Spans.Min(span => span.Start), trace.Spans.Max(span => span.End));
        var first = trace.Spans.Where(span => span.ParentId == 0).MinBy(span => span.Start) ?? trace.Spans.MinBy(span => span.Start)!;
        TraceResourceCount[] resources =
        [
            .. trace.Spans.GroupBy(span => span.Resource).OrderBy(group => group.Min(span => span.Start))
                .Select(group => new TraceResourceCount(group.Key.Instance, group.Key.Color, group.Count(), group.Count(span => span.IsError))),
        ];
        var errors = trace.Spans.Count(span => span.IsError);
        return new TraceRow(
            Ids.Text(trace.Id), trace.Sequence, Iso.Nano(start), end - start, first.Name, first.Resource.Instance, first.Resource.Color, errors > 0, trace.Spans.Length, errors, resources);
    }
}

internal sealed record TracePage(IReadOnlyList<TraceRow> Items, int Total, bool HasMore, double MaxDurationNs);

internal sealed record TracesEvent(bool Snapshot, IReadOnlyList<TraceRow> Upserts, int Total, double MaxDurationNs, bool Cleared);

internal sealed record TraceEvent(string Id, long Version, bool Gone);
