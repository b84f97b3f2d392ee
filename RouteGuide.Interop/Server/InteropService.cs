using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;
using Grpc.Testing;

namespace RouteGuide.Interop.Server;

/// <summary>
/// The service of the public interop test descriptions. Two methods stay unimplemented: <c>UnimplementedCall</c> because that is its
/// purpose, <c>HalfDuplexCall</c> because no case asks for it.
/// </summary>
internal sealed class InteropService(LoadReports loads) : TestService.TestServiceBase
{
    // Requests name the sizes of their answers; none of the cases asks for more than a fraction of this.
    private const int LargestPayload = 16 * 1024 * 1024;
    private const string EchoInitial = "x-grpc-test-echo-initial";
    private const string EchoTrailing = "x-grpc-test-echo-trailing-bin";

    // Understood by the library and kept off the wire: the encoding of this call's answers.
    private const string AnswerEncoding = "grpc-internal-encoding-request";

    public override Task<Empty> EmptyCall(Empty request, ServerCallContext context)
    {
        context.CheckMessage(null);
        return Task.FromResult(new Empty());
    }

    public override async Task<SimpleResponse> UnaryCall(SimpleRequest request, ServerCallContext context)
    {
        context.CheckMessage(request.ExpectCompressed);
        await StartAsync(context, request.ResponseCompressed?.Value == true);
        LoadReports.Tell(context, request.OrcaPerQueryReport);
        EndAsAsked(request.ResponseStatus);
        Compress(context, request.ResponseCompressed);
        var response = new SimpleResponse { Payload = Zeros(request.ResponseSize, "response_size") };
        if (request.FillServerId) response.ServerId = Environment.MachineName;
        return response;
    }

    public override Task<SimpleResponse> CacheableUnaryCall(SimpleRequest request, ServerCallContext context) => UnaryCall(request, context);

    public override async Task StreamingOutputCall(
        StreamingOutputCallRequest request, IServerStreamWriter<StreamingOutputCallResponse> responseStream, ServerCallContext context)
    {
        context.CheckMessage(null);
        await StartAsync(context, WantsCompression(request.ResponseParameters));
        await AnswerAsync(request, responseStream, context);
    }

    public override async Task<StreamingInputCallResponse> StreamingInputCall(IAsyncStreamReader<StreamingInputCallRequest> requestStream, ServerCallContext context)
    {
        await StartAsync(context, compressed: false);
        long size = 0;
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            context.CheckMessage(request.ExpectCompressed);
            size += request.Payload?.Body.Length ?? 0;
        }

        if (size > int.MaxValue) throw Invalid($"The payloads have {size} bytes together, more than aggregated_payload_size can say.");
        return new StreamingInputCallResponse { AggregatedPayloadSize = (int)size };
    }

    public override async Task FullDuplexCall(
        IAsyncStreamReader<StreamingOutputCallRequest> requestStream, IServerStreamWriter<StreamingOutputCallResponse> responseStream, ServerCallContext context)
    {
        var isStarted = false;
        LoadReports.Turn? turn = null;
        try
        {
            await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
            {
                context.CheckMessage(null);
                if (!isStarted) await StartAsync(context, WantsCompression(request.ResponseParameters));
                isStarted = true;
                if (request.OrcaOobReport is { } report)
                {
                    turn ??= await loads.TakeAsync(context.CancellationToken);
                    turn.Report(report);
                }

                await AnswerAsync(request, responseStream, context);
            }
        }
        finally
        {
            turn?.Dispose();
        }

        if (!isStarted) await StartAsync(context, compressed: false);
    }

    private static async Task AnswerAsync(StreamingOutputCallRequest request, IServerStreamWriter<StreamingOutputCallResponse> responses, ServerCallContext context)
    {
        EndAsAsked(request.ResponseStatus);
        foreach (var asked in request.ResponseParameters)
        {
            if (asked.IntervalUs < 0) throw Invalid($"interval_us is {asked.IntervalUs}, less than 0.");
            if (asked.IntervalUs > 0) await Task.Delay(TimeSpan.FromMicroseconds(asked.IntervalUs), context.CancellationToken);
            Compress(context, asked.Compressed);
            await responses.WriteAsync(new StreamingOutputCallResponse { Payload = Zeros(asked.Size, "size") }, context.CancellationToken);
        }
    }

    private static bool WantsCompression(RepeatedField<ResponseParameters> asked) => asked.Any(a => a.Compressed?.Value == true);

    /// <summary>Echoes the metadata that asks for it, and chooses the encoding of the answers.</summary>
    private static async Task StartAsync(ServerCallContext context, bool compressed)
    {
        if (context.RequestHeaders.GetValueBytes(EchoTrailing) is { } trailing) context.ResponseTrailers.Add(EchoTrailing, trailing);

        var headers = new Metadata();
        if (context.RequestHeaders.GetValue(EchoInitial) is { } initial) headers.Add(EchoInitial, initial);
        if (compressed) headers.Add(AnswerEncoding, "gzip");
        if (headers.Count > 0) await context.WriteResponseHeadersAsync(headers);
    }

    private static void Compress(ServerCallContext context, BoolValue? compressed) =>
        context.WriteOptions = new WriteOptions(compressed?.Value == false ? WriteFlags.NoCompress : default);

    private static void EndAsAsked(EchoStatus? status)
    {
        if (status is not null && status.Code != 0) throw new RpcException(new Status((StatusCode)status.Code, status.Message));
    }

    private static Payload Zeros(int size, string field) => size is >= 0 and <= LargestPayload
        ? new Payload { Body = UnsafeByteOperations.UnsafeWrap(new byte[size]) }
        : throw Invalid($"{field} is {size}, not from 0 to {LargestPayload}.");

    private static RpcException Invalid(string what) => new(new Status(StatusCode.InvalidArgument, what));
}
