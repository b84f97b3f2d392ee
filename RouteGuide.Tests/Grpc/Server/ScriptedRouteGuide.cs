using Grpc.Core;
using Routeguide;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>A service whose methods do what a test says.</summary>
internal sealed class ScriptedRouteGuide : Routeguide.RouteGuide.RouteGuideBase
{
    /// <summary>What <c>:path</c> says for each method.</summary>
    public const string UnaryPath = "/routeguide.RouteGuide/GetFeature";
    public const string ServerStreamingPath = "/routeguide.RouteGuide/ListFeatures";
    public const string ClientStreamingPath = "/routeguide.RouteGuide/RecordRoute";
    public const string DuplexPath = "/routeguide.RouteGuide/RouteChat";

    public Func<Point, ServerCallContext, Task<Feature>> Unary { get; init; } = (point, _) => Task.FromResult(new Feature { Name = "here", Location = point });

    public Func<Rectangle, IServerStreamWriter<Feature>, ServerCallContext, Task> ServerStreaming { get; init; } = async (_, responses, _) =>
    {
        for (var i = 0; i < 3; i++) await responses.WriteAsync(new Feature { Name = $"feature {i}" });
    };

    public Func<IAsyncStreamReader<Point>, ServerCallContext, Task<RouteSummary>> ClientStreaming { get; init; } = async (requests, _) =>
    {
        var summary = new RouteSummary();
        while (await requests.MoveNext(CancellationToken.None)) summary.PointCount++;
        return summary;
    };

    public Func<IAsyncStreamReader<RouteNote>, IServerStreamWriter<RouteNote>, ServerCallContext, Task> Duplex { get; init; } = async (requests, responses, _) =>
    {
        while (await requests.MoveNext(CancellationToken.None)) await responses.WriteAsync(requests.Current);
    };

    public override Task<Feature> GetFeature(Point request, ServerCallContext context) => Unary(request, context);

    public override Task ListFeatures(Rectangle request, IServerStreamWriter<Feature> responseStream, ServerCallContext context) =>
        ServerStreaming(request, responseStream, context);

    public override Task<RouteSummary> RecordRoute(IAsyncStreamReader<Point> requestStream, ServerCallContext context) => ClientStreaming(requestStream, context);

    public override Task RouteChat(IAsyncStreamReader<RouteNote> requestStream, IServerStreamWriter<RouteNote> responseStream, ServerCallContext context) =>
        Duplex(requestStream, responseStream, context);
}
