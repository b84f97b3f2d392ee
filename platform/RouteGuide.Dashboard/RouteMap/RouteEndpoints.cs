using System.Diagnostics;
using Grpc.Core;
using Routeguide;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.RouteMap;

/// <summary>A place in units of 1e-7 degrees.</summary>
internal sealed record GeoPoint(int Latitude, int Longitude)
{
    public Point ToPoint() => new() { Latitude = Latitude, Longitude = Longitude };

    public static GeoPoint Of(Point? point) => new(point?.Latitude ?? 0, point?.Longitude ?? 0);
}

internal sealed record FeatureView(string Name, GeoPoint Location)
{
    public static FeatureView Of(Feature feature) => new(feature.Name, GeoPoint.Of(feature.Location));
}

internal sealed record FeatureAnswer(string? Replica, int Color, double ElapsedMs, FeatureView Feature);

internal sealed record FeaturesAnswer(string? Replica, int Color, double ElapsedMs, IReadOnlyList<FeatureView> Features);

internal sealed record SummaryView(int PointCount, int FeatureCount, int DistanceMetres, int ElapsedSeconds);

internal sealed record SummaryAnswer(string? Replica, int Color, double ElapsedMs, SummaryView Summary);

internal sealed record AreaRequest(GeoPoint Lo, GeoPoint Hi);

internal sealed record RouteRequest(IReadOnlyList<GeoPoint> Points, int? DelayMs = null);

internal sealed record ListedFeature(string Type, FeatureView Feature);

internal sealed record ListDone(string Type, int Count, string? Replica, int Color, double ElapsedMs);

internal sealed record ListFault(string Type, string Message, string Status);

/// <summary>The service's own page: its four calls, made for whoever looks at the map.</summary>
internal static class RouteEndpoints
{
    private const int MaxPoints = 1_000;
    private const int MaxDelay = 200;
    private const int MaxFeatures = 100_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly Rectangle Globe = new() { Lo = new Point { Latitude = -900_000_000, Longitude = -1_800_000_000 }, Hi = new Point { Latitude = 900_000_000, Longitude = 1_800_000_000 } };

    public static void MapRoute(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/route/features", (RouteChannel channel, Palette palette, CancellationToken cancellationToken) => Answer(async () =>
        {
            var started = Stopwatch.GetTimestamp();
            using var call = channel.Client().ListFeatures(Globe, deadline: Deadline(), cancellationToken: cancellationToken);
            var features = new List<FeatureView>();
            await foreach (var feature in call.ResponseStream.ReadAllAsync(cancellationToken))
            {
                if (features.Count < MaxFeatures) features.Add(FeatureView.Of(feature));
            }

            var replica = RouteChannel.ReplicaOf(await call.ResponseHeadersAsync);
            return new FeaturesAnswer(replica, ColorOf(palette, replica), Elapsed(started), features);
        }));
        app.MapPost("/api/route/feature", (GeoPoint point, RouteChannel channel, Palette palette, CancellationToken cancellationToken) => Answer(async () =>
        {
            var started = Stopwatch.GetTimestamp();
            using var call = channel.Client().GetFeatureAsync(point.ToPoint(), deadline: Deadline(), cancellationToken: cancellationToken);
            var feature = await call;
            var replica = RouteChannel.ReplicaOf(await call.ResponseHeadersAsync);
            return new FeatureAnswer(replica, ColorOf(palette, replica), Elapsed(started), FeatureView.Of(feature));
        }));
        app.MapPost("/api/route/list", List);
        app.MapPost("/api/route/record", (RouteRequest route, RouteChannel channel, Palette palette, CancellationToken cancellationToken) => Answer(async () =>
        {
            if (route.Points.Count is < 1 or > MaxPoints) throw ProblemException.Bad($"points: there are {route.Points.Count}, not 1 to {MaxPoints}.");
            if (route.DelayMs is < 0 or > MaxDelay) throw ProblemException.Bad($"delayMs: {route.DelayMs} is not a number from 0 to {MaxDelay}.");
            var started = Stopwatch.GetTimestamp();
            var way = TimeSpan.FromMilliseconds((double)(route.DelayMs ?? 0) * route.Points.Count);
            using var call = channel.Client().RecordRoute(deadline: Deadline() + way, cancellationToken: cancellationToken);
            foreach (var point in route.Points)
            {
                await call.RequestStream.WriteAsync(point.ToPoint(), cancellationToken);
                if (route.DelayMs > 0) await Task.Delay(route.DelayMs.Value, cancellationToken);
            }

            await call.RequestStream.CompleteAsync();
            var summary = await call;
            var replica = RouteChannel.ReplicaOf(await call.ResponseHeadersAsync);
            return new SummaryAnswer(replica, ColorOf(palette, replica), Elapsed(started), new SummaryView(summary.PointCount, summary.FeatureCount, summary.Distance, summary.ElapsedTime));
        }));
        app.MapChat();
    }

    public static int ColorOf(Palette palette, string? replica) => replica is null ? 0 : palette.Of(replica);

    private static async Task List(HttpContext context, AreaRequest area, RouteChannel channel, Palette palette)
    {
        var lines = new Lines(context.Response);
        var started = Stopwatch.GetTimestamp();
        using var call = channel.Client().ListFeatures(new Rectangle { Lo = area.Lo.ToPoint(), Hi = area.Hi.ToPoint() }, deadline: Deadline(), cancellationToken: context.RequestAborted);
        var count = 0;
        try
        {
            await foreach (var feature in call.ResponseStream.ReadAllAsync(context.RequestAborted))
            {
                count++;
                await lines.Write(new ListedFeature("feature", FeatureView.Of(feature)), context.RequestAborted);
            }

            var replica = RouteChannel.ReplicaOf(await call.ResponseHeadersAsync);
            await lines.Write(new ListDone("done", count, replica, ColorOf(palette, replica), Elapsed(started)), context.RequestAborted);
        }
        catch (RpcException fault) when (!context.RequestAborted.IsCancellationRequested)
        {
            await lines.Write(new ListFault("error", fault.Status.Detail, fault.StatusCode.ToString()), context.RequestAborted);
        }
    }

    private static async Task<T> Answer<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (RpcException fault)
        {
            throw ProblemException.Upstream($"{fault.StatusCode}: {fault.Status.Detail}");
        }
    }

    private static DateTime Deadline() => DateTime.UtcNow + Patience;

    private static double Elapsed(long started) => Stopwatch.GetElapsedTime(started).TotalMilliseconds;
}
