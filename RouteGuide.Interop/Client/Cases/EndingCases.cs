using Grpc.Core;
using Grpc.Testing;

namespace RouteGuide.Interop.Client;

/// <summary>Deadlines, cancellation, statuses and what travels beside messages.</summary>
internal static class EndingCases
{
    private const string EchoInitial = "x-grpc-test-echo-initial";
    private const string EchoTrailing = "x-grpc-test-echo-trailing-bin";
    private const string InitialValue = "test_initial_metadata_value";
    private static readonly byte[] TrailingValue = [0xab, 0xab, 0xab];

    public static async Task TimeoutOnSleepingServerAsync(TestRun run, CancellationToken cancellationToken) =>
        await Expect.FailsAsync(StatusCode.DeadlineExceeded, async () =>
        {
            using var call = run.Channel.Test.FullDuplexCall(deadline: DateTime.UtcNow.AddMilliseconds(1), cancellationToken: cancellationToken);
            try
            {
                await call.RequestStream.WriteAsync(new StreamingOutputCallRequest { Payload = UnaryCases.Zeros(27_182) }, cancellationToken);
            }
            catch (RpcException)
            {
                // The time may be up before the request is gone; the call's own status counts.
            }

            await call.ResponseStream.MoveNext(cancellationToken);
        });

    public static async Task CancelAfterBeginAsync(TestRun run, CancellationToken cancellationToken)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = run.Channel.Test.StreamingInputCall(cancellationToken: cancel.Token);
        await cancel.CancelAsync();
        await Expect.FailsAsync(StatusCode.Cancelled, () => call.ResponseAsync);
        Expect.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
    }

    public static async Task CancelAfterFirstResponseAsync(TestRun run, CancellationToken cancellationToken)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = run.Channel.Test.FullDuplexCall(cancellationToken: cancel.Token);
        await call.RequestStream.WriteAsync(StreamingCases.Ping(27_182, 31_415), cancellationToken);
        Expect.Equal(true, await call.ResponseStream.MoveNext(cancellationToken), "whether there is a response");
        Expect.Zeros(31_415, call.ResponseStream.Current.Payload);

        await cancel.CancelAsync();
        await Expect.FailsAsync(StatusCode.Cancelled, () => call.ResponseStream.MoveNext(cancellationToken));
    }

    public static Task StatusCodeAndMessageAsync(TestRun run, CancellationToken cancellationToken) =>
        EndsWithAsync(run, new EchoStatus { Code = (int)StatusCode.Unknown, Message = "test status message" }, withStream: true, cancellationToken);

    public static Task SpecialStatusMessageAsync(TestRun run, CancellationToken cancellationToken) => EndsWithAsync(
        run,
        new EchoStatus { Code = (int)StatusCode.Unknown, Message = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n" },
        withStream: false,
        cancellationToken);

    public static async Task CustomMetadataAsync(TestRun run, CancellationToken cancellationToken)
    {
        var metadata = new Metadata { { EchoInitial, InitialValue }, { EchoTrailing, TrailingValue } };

        using (var call = run.Channel.Test.UnaryCallAsync(UnaryCases.Request(UnaryCases.LargeRequest, UnaryCases.LargeResponse), metadata, cancellationToken: cancellationToken))
        {
            await call;
            Check(await call.ResponseHeadersAsync, call.GetTrailers());
        }

        using (var call = run.Channel.Test.FullDuplexCall(metadata, cancellationToken: cancellationToken))
        {
            await call.RequestStream.WriteAsync(StreamingCases.Ping(UnaryCases.LargeRequest, UnaryCases.LargeResponse), cancellationToken);
            await call.RequestStream.CompleteAsync();
            Expect.Equal(true, await call.ResponseStream.MoveNext(cancellationToken), "whether there is a response");
            Expect.Equal(false, await call.ResponseStream.MoveNext(cancellationToken), "whether there is a second response");
            Check(await call.ResponseHeadersAsync, call.GetTrailers());
        }

        static void Check(Metadata headers, Metadata trailers)
        {
            Expect.Equal(InitialValue, headers.GetValue(EchoInitial));
            Expect.Equal(Convert.ToHexString(TrailingValue), Convert.ToHexString(trailers.GetValueBytes(EchoTrailing) ?? []), EchoTrailing);
        }
    }

    public static Task UnimplementedMethodAsync(TestRun run, CancellationToken cancellationToken) =>
        Expect.FailsAsync(StatusCode.Unimplemented, () => run.Channel.Test.UnimplementedCallAsync(new Empty(), cancellationToken: cancellationToken).ResponseAsync);

    public static Task UnimplementedServiceAsync(TestRun run, CancellationToken cancellationToken) =>
        Expect.FailsAsync(StatusCode.Unimplemented, () => run.Channel.Unimplemented.UnimplementedCallAsync(new Empty(), cancellationToken: cancellationToken).ResponseAsync);

    private static async Task EndsWithAsync(TestRun run, EchoStatus status, bool withStream, CancellationToken cancellationToken)
    {
        var ended = await Expect.FailsAsync((StatusCode)status.Code, () =>
            run.Channel.Test.UnaryCallAsync(new SimpleRequest { ResponseStatus = status }, cancellationToken: cancellationToken).ResponseAsync);
        Expect.Equal(status.Message, ended.Detail);
        if (!withStream) return;

        using var call = run.Channel.Test.FullDuplexCall(cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new StreamingOutputCallRequest { ResponseStatus = status }, cancellationToken);
        await call.RequestStream.CompleteAsync();
        ended = await Expect.FailsAsync((StatusCode)status.Code, () => call.ResponseStream.MoveNext(cancellationToken));
        Expect.Equal(status.Message, ended.Detail);
    }
}
