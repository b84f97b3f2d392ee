using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Routeguide;
using RouteGuide.Server.Features;

namespace RouteGuide.Server;

/// <summary>The four kinds of RPC over the feature database. Written as it would be against the official packages.</summary>
internal sealed class RouteGuideService(FeatureDatabase database, ServerOptions options, TimeProvider time) : Routeguide.RouteGuide.RouteGuideBase
{
    private static readonly Point Origin = new();

    public override Task<Feature> GetFeature(Point request, ServerCallContext context)
    {
        Check(request, "");
        return Task.FromResult(database.At(request) ?? new Feature { Location = request });
    }

    public override async Task ListFeatures(Rectangle request, IServerStreamWriter<Feature> responseStream, ServerCallContext context)
    {
        // An absent corner is the origin, as an absent number is zero.
        var lo = request.Lo ?? Origin;
        var hi = request.Hi ?? Origin;
        Check(lo, "lo");
        Check(hi, "hi");
        foreach (var feature in database.In(Area.Between(lo, hi)))
        {
            await responseStream.WriteAsync(feature, context.CancellationToken);
        }
    }

    public override async Task<RouteSummary> RecordRoute(IAsyncStreamReader<Point> requestStream, ServerCallContext context)
    {
        var recorder = new RouteRecorder(database, time);
        await foreach (var point in requestStream.ReadAllAsync(context.CancellationToken))
        {
            Check(point, "");
            recorder.Visit(point);
        }

        return recorder.Summary();
    }

    public override async Task RouteChat(IAsyncStreamReader<RouteNote> requestStream, IServerStreamWriter<RouteNote> responseStream, ServerCallContext context)
    {
        var history = new ChatHistory(options.MaxChatNotes, options.MaxChatBytes);
        await foreach (var note in requestStream.ReadAllAsync(context.CancellationToken))
        {
            note.Location ??= Origin.Clone();
            Check(note.Location, "location");
            foreach (var earlier in history.Add(note))
            {
                await responseStream.WriteAsync(earlier, context.CancellationToken);
            }
        }
    }

    private static void Check(Point point, string field)
    {
        if (Globe.Fault(point, field) is not { } fault) return;
        // The same for people and for programs: a form can show the text at its field.
        var violation = new BadRequest.Types.FieldViolation { Field = fault.Field, Description = fault.Text };
        throw new Google.Rpc.Status
        {
            Code = (int)Code.InvalidArgument,
            Message = fault.Text,
            Details = { Any.Pack(new BadRequest { FieldViolations = { violation } }) },
        }.ToRpcException();
    }
}
