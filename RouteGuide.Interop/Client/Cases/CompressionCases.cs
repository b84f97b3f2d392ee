using Grpc.Core;
using Grpc.Testing;

namespace RouteGuide.Interop.Client;

/// <summary>Messages that are compressed one by one. That the other side did it is read off the frames.</summary>
internal static class CompressionCases
{
    // Understood by the library and kept off the wire: the encoding of this call's requests.
    private const string RequestEncoding = "grpc-internal-encoding-request";

    private static readonly WriteOptions Plain = new(WriteFlags.NoCompress);

    public static async Task ClientUnaryAsync(TestRun run, CancellationToken cancellationToken)
    {
        await Expect.FailsAsync(StatusCode.InvalidArgument, () => CallAsync(expect: true, Options(compress: false, cancellationToken)));
        Expect.Zeros(UnaryCases.LargeResponse, (await CallAsync(expect: true, Options(compress: true, cancellationToken))).Payload);
        Expect.Zeros(UnaryCases.LargeResponse, (await CallAsync(expect: false, Options(compress: false, cancellationToken))).Payload);

        Task<SimpleResponse> CallAsync(bool expect, CallOptions options)
        {
            var request = UnaryCases.Request(UnaryCases.LargeRequest, UnaryCases.LargeResponse);
            request.ExpectCompressed = new BoolValue { Value = expect };
            return run.Channel.Test.UnaryCallAsync(request, options).ResponseAsync;
        }
    }

    public static async Task ServerUnaryAsync(TestRun run, CancellationToken cancellationToken)
    {
        foreach (var compressed in (bool[])[true, false])
        {
            var request = UnaryCases.Request(UnaryCases.LargeRequest, UnaryCases.LargeResponse);
            request.ResponseCompressed = new BoolValue { Value = compressed };
            var response = await run.Channel.Test.UnaryCallAsync(request, cancellationToken: cancellationToken);
            Expect.Zeros(UnaryCases.LargeResponse, response.Payload);
            Expect.Equal(compressed, run.Channel.Watch.Last.Next(), "whether the response is compressed");
        }
    }

    public static async Task ClientStreamingAsync(TestRun run, CancellationToken cancellationToken)
    {
        (int Size, bool Compressed)[] requests = [(27_182, true), (45_904, false)];

        // A server that does not look at what it expects would make the rest of the case say nothing.
        await Expect.FailsAsync(StatusCode.InvalidArgument, async () =>
        {
            using var probe = run.Channel.Test.StreamingInputCall(Options(compress: false, cancellationToken));
            try
            {
                await probe.RequestStream.WriteAsync(Message(requests[0]), cancellationToken);
                await probe.RequestStream.CompleteAsync();
            }
            catch (RpcException)
            {
                // The server may refuse before it has all; the call's own status counts.
            }

            await probe;
        });

        using var call = run.Channel.Test.StreamingInputCall(Options(compress: true, cancellationToken));
        foreach (var request in requests)
        {
            call.RequestStream.WriteOptions = request.Compressed ? WriteOptions.Default : Plain;
            await call.RequestStream.WriteAsync(Message(request), cancellationToken);
        }

        await call.RequestStream.CompleteAsync();
        Expect.Equal(requests.Sum(r => r.Size), (await call).AggregatedPayloadSize);

        static StreamingInputCallRequest Message((int Size, bool Compressed) request) =>
            new() { Payload = UnaryCases.Zeros(request.Size), ExpectCompressed = new BoolValue { Value = request.Compressed } };
    }

    public static async Task ServerStreamingAsync(TestRun run, CancellationToken cancellationToken)
    {
        (int Size, bool Compressed)[] responses = [(31_415, true), (92_653, false)];
        var request = new StreamingOutputCallRequest();
        foreach (var (size, compressed) in responses)
            request.ResponseParameters.Add(new ResponseParameters { Size = size, Compressed = new BoolValue { Value = compressed } });

        using var call = run.Channel.Test.StreamingOutputCall(request, cancellationToken: cancellationToken);
        foreach (var (size, compressed) in responses)
        {
            Expect.Equal(true, await call.ResponseStream.MoveNext(cancellationToken), "whether there is a response for each that was asked for");
            Expect.Zeros(size, call.ResponseStream.Current.Payload);
            Expect.Equal(compressed, run.Channel.Watch.Last.Next(), $"whether the response of {size} bytes is compressed");
        }

        Expect.Equal(false, await call.ResponseStream.MoveNext(cancellationToken), "whether there are responses that nobody asked for");
    }

    private static CallOptions Options(bool compress, CancellationToken cancellationToken) =>
        new(compress ? new Metadata { { RequestEncoding, "gzip" } } : null, cancellationToken: cancellationToken);
}
