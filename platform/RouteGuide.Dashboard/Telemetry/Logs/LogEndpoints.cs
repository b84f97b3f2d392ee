using RouteGuide.Dashboard.Streaming;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Telemetry.Logs;

/// <summary>What the pages ask about log records.</summary>
internal static class LogEndpoints
{
    private static readonly FieldInfo[] BuiltIn =
    [
        new("log.message", "Message", true), new("log.category", "Category", true), new("log.level", "Level", true), new("log.traceId", "Trace id", true),
        new("log.spanId", "Span id", true), new("log.eventName", "Event name", true), new("log.exception", "Exception", true), new("log.resource", "Resource", true),
    ];

    public static void MapLogs(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/logs", (HttpRequest request, LogStore store) =>
        {
            var query = LogQuery.From(request.Query);
            var limit = (int)request.Query.Number("limit", 200, 1, 1000);
            var before = request.Query.Number("before", long.MaxValue, 0, long.MaxValue);
            var matching = store.All().Where(query.Fits).ToArray();
            var older = matching.Where(item => item.Id < before).ToArray();
            return new LogPage([.. older.TakeLast(limit).Select(LogEntryView.Of)], matching.Length, older.Length > limit);
        });
        app.MapGet("/api/logs/{id:long}", (long id, LogStore store) =>
            Array.Find(store.All(), item => item.Id == id) is { } item
                ? new LogDetailView(LogEntryView.Of(item), item.Resource.Attributes, item.ScopeAttributes)
                : throw ProblemException.Missing($"The log record {id} is not kept (any more)."));
        app.MapGet("/api/logs/fields", (HttpRequest request, LogStore store) =>
        {
            var resource = request.Query.Text("resource");
            var keys = store.All().Where(item => item.Resource.Is(resource)).SelectMany(item => item.Attributes).Select(attribute => attribute.Key).Distinct().Order(StringComparer.OrdinalIgnoreCase);
            return BuiltIn.Concat(keys.Select(key => new FieldInfo(key, key, false)));
        });
        app.MapGet("/api/logs/values", (HttpRequest request, LogStore store) =>
        {
            var resource = request.Query.Text("resource");
            var field = request.Query.Text("field") ?? throw ProblemException.Bad("field: name the field whose values are wanted.");
            return FieldValue.MostFrequent(store.All().Where(item => item.Resource.Is(resource)).Select(item => item.Get(field)));
        });
        app.MapDelete("/api/logs", (HttpRequest request, TelemetryHub hub) =>
        {
            hub.Clear(request.Query.Text("resource"), ofLogs: true);
            return Results.NoContent();
        });
    }
}

/// <summary>The newest records that fit, and those that come in.</summary>
/// <param name="store">The records.</param>
/// <param name="time">The clock.</param>
internal sealed class LogTopic(LogStore store, TimeProvider time) : ITopic
{
    private const int MaxItems = 500;

    public string Name => "logs";

    public Func<TopicWriter, CancellationToken, Task> Open(IQueryCollection query)
    {
        var wanted = LogQuery.From(query);
        return (writer, cancellationToken) => Run(wanted, writer, cancellationToken);
    }

    private async Task Run(LogQuery wanted, TopicWriter writer, CancellationToken cancellationToken)
    {
        var all = store.All();
        var clears = store.Clears;
        var last = all.Length > 0 ? all[^1].Id : store.LastId;
        var matching = all.Where(wanted.Fits).ToArray();
        await writer.Send(new LogsEvent(true, [.. matching.TakeLast(MaxItems).Select(LogEntryView.Of)], matching.Length, false, 0), cancellationToken);
        while (true)
        {
            await Task.Delay(TelemetryHub.Breath, time, cancellationToken);
            if (store.LastId == last && store.Clears == clears) continue;
            var cleared = store.Clears != clears;
            clears = store.Clears;
            var news = store.After(last, out var lost);
            if (news.Length > 0) last = news[^1].Id;
            if (cleared) lost = 0;
            var fitting = news.Where(wanted.Fits).ToArray();
            if (fitting.Length == 0 && !cleared && lost == 0) continue;
            var shown = fitting.TakeLast(MaxItems).Select(LogEntryView.Of).ToArray();
            await writer.Send(new LogsEvent(false, shown, store.All().Count(wanted.Fits), cleared, lost + fitting.Length - shown.Length), cancellationToken);
        }
    }
}
