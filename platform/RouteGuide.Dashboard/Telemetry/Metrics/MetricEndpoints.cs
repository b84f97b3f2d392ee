using RouteGuide.Dashboard.Streaming;
using RouteGuide.Dashboard.Telemetry.Traces;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Telemetry.Metrics;

/// <summary>What the pages ask about measurements.</summary>
internal static class MetricEndpoints
{
    public static void MapMetrics(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/metrics", (HttpRequest request, MetricStore store) => store.Read(request.Query.Text("resource") ?? throw ProblemException.Bad("resource: name one."), MetricQuery.Tree));
        app.MapGet("/api/metrics/series", (HttpRequest request, MetricStore store, TraceStore traces, TimeProvider time) =>
        {
            var query = MetricQuery.From(request.Query);
            var view = store.Read(query.Resource, resources => query.Chart(resources, time.GetUtcNow().ToUnixTimeMilliseconds()))
                ?? throw ProblemException.Missing($"'{query.Resource}' has no instrument '{query.Instrument}' of the meter '{query.Meter}'.");
            // A point that leads nowhere is worse than none: its trace may be left out of what is sent, or have made room for others.
            return view with { Exemplars = [.. view.Exemplars.Where(exemplar => !Ids.TryTrace(exemplar.TraceId, out var trace) || traces.VersionOf(trace) is not null).TakeLast(MetricQuery.MaxExemplars)] };
        });
        app.MapDelete("/api/metrics", (HttpRequest request, TelemetryHub hub) =>
        {
            hub.Clear(request.Query.Text("resource"), ofMetrics: true);
            return Results.NoContent();
        });
    }
}

/// <summary>Tells when a resource has reported something new.</summary>
/// <param name="store">The measurements.</param>
/// <param name="time">The clock.</param>
internal sealed class MetricTopic(MetricStore store, TimeProvider time) : ITopic
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public string Name => "metrics";

    public Func<TopicWriter, CancellationToken, Task> Open(IQueryCollection query)
    {
        var resource = query.Text("resource") ?? throw ProblemException.Bad("resource: name one.");
        return (writer, cancellationToken) => Run(resource, writer, cancellationToken);
    }

    private async Task Run(string resource, TopicWriter writer, CancellationToken cancellationToken)
    {
        var seen = (-1L, -1L);
        while (true)
        {
            var version = store.VersionOf(resource);
            if (version != seen) await writer.Send(new MetricsEvent(resource, version.Values, version.Tree), cancellationToken);
            seen = version;
            await Task.Delay(Pause, time, cancellationToken);
        }
    }
}
