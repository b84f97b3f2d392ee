using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;
using Grpc.Core;
using Grpc.Net.Client;
using Routeguide;
using RouteGuide.Dashboard.RouteMap;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Balancing;

internal sealed record BurstCall(int N, string? Replica, string Status, double Ms);

internal sealed record BurstReplica(string Replica, int Color, int Calls);

internal sealed record BurstCalls(string Type, IReadOnlyList<BurstCall> Calls);

internal sealed record BurstDone(string Type, int Calls, int Failed, double ElapsedMs, int Connections, IReadOnlyList<BurstReplica> Replicas);

/// <summary>Many calls over one connection, and who answered each: spread out where requests are balanced, all with one where connections are.</summary>
/// <param name="locator">Knows where to call.</param>
/// <param name="palette">The replicas' colours.</param>
internal sealed class Burst(BalancerLocator locator, Palette palette)
{
    private const int MaxCalls = 5_000;
    private const int MaxConcurrency = 100;
    private const int DefaultConcurrency = 10;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly Point Somewhere = new() { Latitude = 407838351, Longitude = -746143763 };

    public async Task Run(HttpContext context, BurstRequest request)
    {
        var concurrency = request.Concurrency ?? DefaultConcurrency;
        if (request.Calls is < 1 or > MaxCalls) throw ProblemException.Bad($"calls: {request.Calls} is not a number from 1 to {MaxCalls}.");
        if (concurrency is < 1 or > MaxConcurrency) throw ProblemException.Bad($"concurrency: {concurrency} is not a number from 1 to {MaxConcurrency}.");
        var place = locator.Find();
        var address = request.Mode switch
        {
            "request" => place.Front ?? throw ProblemException.Away("There is no balancer: no resource has endpoints named admin and https."),
            "tcp" => place.Tcp ?? throw ProblemException.Away("The balancer has no listener in TCP mode: its resource has no endpoint named tcp."),
            _ => throw ProblemException.Bad($"mode: '{request.Mode}' is neither request nor tcp."),
        };

        var connections = 0;
        var handler = Trust.Handler(request.Mode == "request" ? locator.Authority : null);
        handler.ConnectCallback = async (connecting, cancellationToken) =>
        {
            Interlocked.Increment(ref connections);
            return await Connect(connecting, cancellationToken);
        };
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        var client = new Routeguide.RouteGuide.RouteGuideClient(channel);
        var ended = Channel.CreateBounded<BurstCall>(MaxCalls);
        var calling = CallAll(client, request.Calls, concurrency, ended.Writer, context.RequestAborted);
        await Report(new Lines(context.Response), ended.Reader, () => Volatile.Read(ref connections), context.RequestAborted);
        await calling;
    }

    private static async Task CallAll(Routeguide.RouteGuide.RouteGuideClient client, int calls, int concurrency, ChannelWriter<BurstCall> ended, CancellationToken cancellationToken)
    {
        try
        {
            var next = 0;
            async Task Worker()
            {
                while (Interlocked.Increment(ref next) is var n && n <= calls && !cancellationToken.IsCancellationRequested) await ended.WriteAsync(await CallOne(client, n, cancellationToken), cancellationToken);
            }

            await Task.WhenAll(Enumerable.Range(0, Math.Min(concurrency, calls)).Select(_ => Worker()));
        }
        finally
        {
            ended.Complete();
        }
    }

    private static async Task<BurstCall> CallOne(Routeguide.RouteGuide.RouteGuideClient client, int n, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        string? replica = null;
        try
        {
            using var call = client.GetFeatureAsync(Somewhere, deadline: DateTime.UtcNow + Deadline, cancellationToken: cancellationToken);
            replica = RouteChannel.ReplicaOf(await call.ResponseHeadersAsync);
            await call;
            return new BurstCall(n, replica, "OK", Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (RpcException fault)
        {
            return new BurstCall(n, replica, fault.StatusCode.ToString(), Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
    }

    private async Task Report(Lines lines, ChannelReader<BurstCall> ended, Func<int> connections, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var byReplica = new Dictionary<string, int>();
        var (total, failed) = (0, 0);
        while (await ended.WaitToReadAsync(cancellationToken))
        {
            var batch = new List<BurstCall>();
            while (ended.TryRead(out var call)) batch.Add(call);
            foreach (var call in batch)
            {
                total++;
                if (call.Status != "OK") failed++;
                if (call.Replica is { } replica) byReplica[replica] = byReplica.GetValueOrDefault(replica) + 1;
            }

            await lines.Write(new BurstCalls("calls", batch), cancellationToken);
        }

        BurstReplica[] replicas = [.. byReplica.OrderBy(share => share.Key, StringComparer.Ordinal).Select(share => new BurstReplica(share.Key, palette.Of(share.Key), share.Value))];
        await lines.Write(new BurstDone("done", total, failed, Stopwatch.GetElapsedTime(started).TotalMilliseconds, connections(), replicas), cancellationToken);
    }

    private static async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
