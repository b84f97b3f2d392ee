using Grpc.Core;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal;

/// <summary>The stream of requests, as the application writes it.</summary>
internal sealed class RequestStreamWriter<TRequest, TResponse>(GrpcCall<TRequest, TResponse> call) : IClientStreamWriter<TRequest>
    where TRequest : class
    where TResponse : class
{
    private readonly WriterState _state = new();

    public WriteOptions? WriteOptions { get; set; } = call.WriteOptions;

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (call.IsDisposed) return Task.FromException(new ObjectDisposedException(nameof(GrpcCall)));
        return _state.TryBeginWrite(out var refusal) ? SendAsync(message, cancellationToken) : Task.FromException(refusal);
    }

    public Task CompleteAsync()
    {
        if (call.IsDisposed) return Task.FromException(new ObjectDisposedException(nameof(GrpcCall)));
        if (_state.TryComplete(out var refusal)) call.CompleteRequests();
        return refusal is null ? Task.CompletedTask : Task.FromException(refusal);
    }

    private async Task SendAsync(TRequest message, CancellationToken cancellationToken)
    {
        try
        {
            using var registration = call.CancelWith(cancellationToken);
            if (call.HasEnded) throw call.CreateException();

            var options = WriteOptions;
            using var buffer = new PooledBuffer();
            call.Serialize(message, options, buffer);

            await TransmitAsync(buffer, options is not null && options.Flags.HasFlag(WriteFlags.BufferHint)).ConfigureAwait(false);
        }
        finally
        {
            _state.EndWrite();
        }
    }

    private async ValueTask TransmitAsync(PooledBuffer message, bool isMoreToCome)
    {
        try
        {
            await call.TransmitAsync(message, isMoreToCome).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The server has closed the request stream: how the call ended is known when its answer has arrived, if it has none yet.
            await call.WaitForAnswerAsync().ConfigureAwait(false);
            if (call.HasEnded) throw call.CreateException();
            // Responses are left to read, and the status comes after them.
            throw new RpcException(call.ToStatus(e, ErrorMapping.Writing));
        }
    }
}
