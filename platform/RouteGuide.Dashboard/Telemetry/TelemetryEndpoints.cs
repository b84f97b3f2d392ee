using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using RouteGuide.Dashboard.Streaming;
using RouteGuide.Dashboard.Telemetry.Archive;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Telemetry;

internal sealed record SeenRequest(string? Resource = null);

/// <summary>What the pages ask about telemetry as a whole.</summary>
internal static class TelemetryEndpoints
{
    public static void MapTelemetry(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/telemetry", (TelemetryHub hub) => hub.View());
        app.MapPost("/api/telemetry/seen", (SeenRequest? request, TelemetryHub hub) =>
        {
            hub.Seen(request?.Resource);
            return Results.NoContent();
        });
        app.MapGet("/api/telemetry/export", async (HttpContext context, TelemetryExport export, TimeProvider time, CancellationToken cancellationToken) =>
        {
            // The ends of a zip's entries are written synchronously, whatever one does.
            if (context.Features.Get<IHttpBodyControlFeature>() is { } body) body.AllowSynchronousIO = true;
            context.Response.ContentType = "application/zip";
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"telemetry-{time.GetUtcNow():yyyyMMdd-HHmmss}.zip\"";
            await export.Write(context.Response.Body, context.Request.Query.Text("resource"), cancellationToken);
        });
        app.MapPost("/api/telemetry/import", (HttpRequest request, TelemetryImport import, CancellationToken cancellationToken) => import.Read(request.Body, cancellationToken))
            .WithMetadata(new RequestSizeLimitAttribute(TelemetryImport.MaxFile));
        app.MapDelete("/api/telemetry", (HttpRequest request, TelemetryHub hub) =>
        {
            string[] known = ["logs", "traces", "metrics"];
            var kinds = request.Query.Text("kinds")?.Split(',', StringSplitOptions.TrimEntries) ?? known;
            if (Array.Find(kinds, kind => !known.Contains(kind)) is { } odd) throw ProblemException.Bad($"kinds: '{odd}' is none of {string.Join(", ", known)}.");
            hub.Clear(request.Query.Text("resource"), kinds.Contains("logs"), kinds.Contains("traces"), kinds.Contains("metrics"));
            return Results.NoContent();
        });
    }
}

/// <summary>Who sends telemetry, how much there is, and whether a limit is reached.</summary>
/// <param name="hub">The telemetry.</param>
/// <param name="time">The clock.</param>
internal sealed class TelemetryTopic(TelemetryHub hub, TimeProvider time) : ITopic
{
    public string Name => "telemetry";

    public Func<TopicWriter, CancellationToken, Task> Open(IQueryCollection query) => Run;

    private async Task Run(TopicWriter writer, CancellationToken cancellationToken)
    {
        TelemetryView? seen = null;
        while (true)
        {
            var view = hub.View();
            if (!view.IsLike(seen)) await writer.Send(view, cancellationToken);
            seen = view;
            await Task.Delay(TelemetryHub.Breath, time, cancellationToken);
        }
    }
}
