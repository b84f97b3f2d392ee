using System.Text.Json.Serialization;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Telemetry.Logs;

/// <summary>Which records are wanted.</summary>
internal sealed record LogQuery(string? Resource, string? Text, LogSeverity Level, UInt128 TraceId, ulong SpanId, Filter[] Filters)
{
    /// <exception cref="ProblemException">A parameter cannot be read.</exception>
    public static LogQuery From(IQueryCollection query)
    {
        UInt128 trace = 0;
        ulong span = 0;
        if (query.Text("traceId") is { } t && !Ids.TryTrace(t, out trace)) throw ProblemException.Bad($"traceId: '{t}' is not 32 hexadecimal digits.");
        if (query.Text("spanId") is { } s && !Ids.TrySpan(s, out span)) throw ProblemException.Bad($"spanId: '{s}' is not 16 hexadecimal digits.");
        var level = query.Text("level") switch
        {
            null => LogSeverity.Unspecified,
            var text when Enum.TryParse<LogSeverity>(text, ignoreCase: true, out var value) && char.IsAsciiLetter(text[0]) => value,
            var text => throw ProblemException.Bad($"level: '{text}' is none of {string.Join(", ", Enum.GetNames<LogSeverity>())}."),
        };
        return new LogQuery(query.Text("resource"), query.Text("text"), level, trace, span, Filter.From(query));
    }

    public bool Fits(LogItem item) =>
        item.Severity >= Level
        && item.Resource.Is(Resource)
        && (TraceId == 0 || item.TraceId == TraceId)
        && (SpanId == 0 || item.SpanId == SpanId)
        && (Text is null || item.Message.Contains(Text, StringComparison.OrdinalIgnoreCase))
        && Array.TrueForAll(Filters, filter => filter.Fits(item.Get(filter.Field)));
}

/// <summary>A record as the pages see it.</summary>
internal record LogEntryView(
    long Id, string Time, string Resource, int Color, string Level, string Message, string Category, string? EventName, string? Template, string? TraceId, string? SpanId, Attribute[] Attributes, string? Exception)
{
    public static LogEntryView Of(LogItem item) => new(
        item.Id, Iso.Nano(item.Time), item.Resource.Instance, item.Resource.Color, item.Severity.ToString(), item.Message, item.Category, item.EventName, item.Template,
        Ids.TextOrNull(item.TraceId), Ids.TextOrNull(item.SpanId), item.Attributes, item.Exception);
}

/// <summary>A record with all that is known around it.</summary>
internal sealed record LogDetailView([property: JsonIgnore] LogEntryView Entry, Attribute[] ResourceAttributes, Attribute[] ScopeAttributes) : LogEntryView(Entry);

internal sealed record LogPage(IReadOnlyList<LogEntryView> Items, int Total, bool HasMore);

internal sealed record LogsEvent(bool Snapshot, IReadOnlyList<LogEntryView> Items, int Total, bool Cleared, long Dropped);
