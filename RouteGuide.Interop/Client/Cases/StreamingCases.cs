using Grpc.Core;
using Grpc.Testing;

namespace RouteGuide.Interop.Client;

/// <summary>Streams one way and both ways.</summary>
internal static class StreamingCases
{
    /// <summary>Bytes of payload in the requests of the streams.</summary>
    public static readonly int[] RequestSizes = [27_182, 8, 1_828, 45_904];

    /// <summary>Bytes of payload in the responses of the streams.</summary>
    public static readonly int[] ResponseSizes = [31_415, 9, 2_653, 58_979];

    public static async Task ClientStreamingAsync(TestRun run, CancellationToken cancellationToken)
    {
        using var call = run.Channel.Test.StreamingInputCall(cancellationToken: cancellationToken);
        foreach (var size in RequestSizes) await call.RequestStream.WriteAsync(new StreamingInputCallRequest { Payload = UnaryCases.Zeros(size) }, cancellationToken);
        await call.RequestStream.CompleteAsync();
        Expect.Equal(RequestSizes.Sum(), (await call).AggregatedPayloadSize);
    }

    public static async Task ServerStreamingAsync(TestRun run, CancellationToken cancellationToken)
    {
        var request = new StreamingOutputCallRequest { ResponseParameters = { ResponseSizes.Select(size => new ResponseParameters { Size = size }) } };
        using var call = run.Channel.Test.StreamingOutputCall(request, cancellationToken: cancellationToken);
        var responses = await call.ResponseStream.ReadAllAsync(cancellationToken).ToListAsync(cancellationToken);
        Expect.Equal(ResponseSizes.Length, responses.Count);
        foreach (var (size, response) in ResponseSizes.Zip(responses)) Expect.Zeros(size, response.Payload);
    }

    public static async Task PingPongAsync(TestRun run, CancellationToken cancellationToken)
    {
        using var call = run.Channel.Test.FullDuplexCall(cancellationToken: cancellationToken);
        foreach (var (size, responseSize) in RequestSizes.Zip(ResponseSizes))
        {
            await call.RequestStream.WriteAsync(Ping(size, responseSize), cancellationToken);
            Expect.Equal(true, await call.ResponseStream.MoveNext(cancellationToken), "whether there is a response to each request");
            Expect.Zeros(responseSize, call.ResponseStream.Current.Payload);
        }

        await call.RequestStream.CompleteAsync();
        Expect.Equal(false, await call.ResponseStream.MoveNext(cancellationToken), "whether there are responses that nobody asked for");
    }

    public static async Task EmptyStreamAsync(TestRun run, CancellationToken cancellationToken)
    {
        using var call = run.Channel.Test.FullDuplexCall(cancellationToken: cancellationToken);
        await call.RequestStream.CompleteAsync();
        Expect.Equal(false, await call.ResponseStream.MoveNext(cancellationToken), "whether there are responses to no request");
    }

    public static StreamingOutputCallRequest Ping(int size, int responseSize) => new()
    {
        ResponseParameters = { new ResponseParameters { Size = responseSize } },
        Payload = UnaryCases.Zeros(size),
    };
}
