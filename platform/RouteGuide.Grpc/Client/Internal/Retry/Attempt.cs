using Grpc.Core;

namespace Grpc.Net.Client.Internal.Retry;

/// <summary>One attempt at a repeated call, with the parts that its kind of call has.</summary>
internal sealed class Attempt<TResponse>
    where TResponse : class
{
    private readonly Task<Exception?> _sender = Task.FromResult<Exception?>(null);

    private Attempt(GrpcCall<BufferedMessage, TResponse> call, MethodType type, BufferedMessage? request, RequestLog? log, RequestLog.Sender? sender)
    {
        Call = call;
        call.TrackAnswer();
        switch (type)
        {
            case MethodType.Unary:
                Response = call.StartUnary(request!).ResponseAsync;
                break;
            case MethodType.ServerStreaming:
                Reader = call.StartServerStreaming(request!).ResponseStream;
                break;
            case MethodType.ClientStreaming:
                var client = call.StartClientStreaming();
                Response = client.ResponseAsync;
                _sender = log!.SendAsync(sender!, client.RequestStream, call.Ended);
                break;
            default:
                var duplex = call.StartDuplexStreaming();
                Reader = duplex.ResponseStream;
                _sender = log!.SendAsync(sender!, duplex.RequestStream, call.Ended);
                break;
        }
    }

    public GrpcCall<BufferedMessage, TResponse> Call { get; }

    /// <summary>The single response, for the kinds that have one.</summary>
    public Task<TResponse>? Response { get; }

    /// <summary>The stream of responses, for the kinds that have one.</summary>
    public IAsyncStreamReader<TResponse>? Reader { get; }

    public static Attempt<TResponse> Start(
        GrpcCall<BufferedMessage, TResponse> call, MethodType type, BufferedMessage? request, RequestLog? log, RequestLog.Sender? sender) =>
        new(call, type, request, log, sender);

    /// <summary>Waits for the end of what a failed attempt has started.</summary>
    public async Task SettleAsync()
    {
        if (Response is not null) await ((Task)Response).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _sender.ConfigureAwait(false);
    }

    /// <summary>Waits until the last attempt sends no more requests, and closes the log behind it.</summary>
    public async Task CloseAsync(RequestLog log)
    {
        var error = await _sender.ConfigureAwait(false);
        if (error is not null)
        {
            log.Close(error);
            return;
        }

        await Call.Ended.ConfigureAwait(false);
        log.Close(Call.CreateException());
    }
}
