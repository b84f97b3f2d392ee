using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using Routeguide;

namespace RouteGuide.Bench.Calls;

/// <summary>
/// The client of the measurements, a process of its own. For every line of its standard input, <c>NUMBER LOAD MILLISECONDS</c>, it makes calls
/// for so long and says what they cost, or how they failed.
/// </summary>
internal sealed class CallClient(Routeguide.RouteGuide.RouteGuideClient client)
{
    public const string Ready = "grpc-client is ready";
    public const string Result = "grpc-client result ";
    public const string Failure = "failed: ";

    private static readonly Rectangle Everywhere = new() { Lo = CallMessages.Place, Hi = CallMessages.Place };

    public static async Task Serve(Uri address, bool isOverSockets, TextReader input, TextWriter output)
    {
        using var sockets = isOverSockets ? new SocketsHttpHandler() : null;
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = sockets });
        var calls = new CallClient(new Routeguide.RouteGuide.RouteGuideClient(channel));
        await Tell(Ready);
        while (await input.ReadLineAsync() is { } line)
        {
            if (line.Split(' ') is not [var number, var name, var time]
                || !Enum.TryParse<CallLoad>(name, out var load)
                || !int.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds))
                throw new BenchException($"'{line}' is not 'NUMBER LOAD MILLISECONDS'");
            await Tell($"{Result}{number} {await calls.Answer(load, TimeSpan.FromMilliseconds(milliseconds))}");
        }

        async Task Tell(string line)
        {
            await output.WriteLineAsync(line);
            await output.FlushAsync();
        }
    }

    private async Task<string> Answer(CallLoad load, TimeSpan length)
    {
        try
        {
            return (await Measure(load, length)).ToString();
        }
        catch (Exception exception) when (exception is RpcException or BenchException)
        {
            return Failure + exception.Message.ReplaceLineEndings(" ");
        }
    }

    /// <summary>Makes calls for so long, and finishes those that were begun.</summary>
    /// <exception cref="RpcException">A call failed.</exception>
    /// <exception cref="BenchException">A call ended well, but not as it should.</exception>
    public async Task<Cost> Measure(CallLoad load, TimeSpan length)
    {
        var (atATime, call) = Calls(load);
        var before = ProcessUsage.Now();
        var started = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, atATime).Select(_ => Repeat()));
        return new Cost(counts.Sum(), ProcessUsage.Now() - before);

        async Task<long> Repeat()
        {
            long count = 0;
            do count += await call();
            while (Stopwatch.GetElapsedTime(started) < length);
            return count;
        }
    }

    // How many at a time, and what one of them does and counts for.
    private (int AtATime, Func<Task<int>> Call) Calls(CallLoad load) => load switch
    {
        CallLoad.Unary50 => (50, Unary),
        CallLoad.Unary1 => (1, Unary),
        CallLoad.ServerStreaming => (1, ServerStreaming),
        CallLoad.ClientStreaming => (1, ClientStreaming),
        CallLoad.Duplex50 => (50, Duplex),
        CallLoad.Duplex1 => (1, Duplex),
        _ => throw new BenchException($"'{load}' is no load of a client"),
    };

    private async Task<int> Unary()
    {
        using var call = client.GetFeatureAsync(CallMessages.Place);
        var feature = await call;
        return feature.Name.Length == CallMessages.Name.Length ? 1 : throw Wrong($"a name of {feature.Name.Length} characters");
    }

    private async Task<int> ServerStreaming()
    {
        using var call = client.ListFeatures(Everywhere);
        var count = 0;
        while (await call.ResponseStream.MoveNext(CancellationToken.None)) count++;
        return count == CallMessages.PerCall ? count : throw Wrong($"{count} messages");
    }

    private async Task<int> ClientStreaming()
    {
        using var call = client.RecordRoute();
        for (var i = 0; i < CallMessages.PerCall; i++) await call.RequestStream.WriteAsync(CallMessages.Place);
        await call.RequestStream.CompleteAsync();
        var summary = await call;
        return summary.PointCount == CallMessages.PerCall ? CallMessages.PerCall : throw Wrong($"{summary.PointCount} messages counted");
    }

    private async Task<int> Duplex()
    {
        using var call = client.RouteChat();
        var note = new RouteNote { Location = CallMessages.Place, Message = CallMessages.Name };
        for (var i = 0; i < CallMessages.PairsPerCall; i++)
        {
            await call.RequestStream.WriteAsync(note);
            if (!await call.ResponseStream.MoveNext(CancellationToken.None)) throw Wrong($"{i} messages");
        }

        await call.RequestStream.CompleteAsync();
        return await call.ResponseStream.MoveNext(CancellationToken.None) ? throw Wrong("a message too many") : CallMessages.PairsPerCall;
    }

    private static BenchException Wrong(string what) => new($"the server answered with {what}");
}
