using Grpc.Core;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal;

/// <summary>The stream of requests, as the application writes it.</summary>
internal sealed class RequestStreamWriter<TRequest, TResponse>(GrpcCall<TRequest, TResponse> call, StreamingContent content) : IClientStreamWriter<TRequest>
    where TRequest : class
    where TResponse : class
{
    private const int Idle = 0;
    private const int Writing = 1;
    private const int Completed = 2;

    private int _state;

    public WriteOptions? WriteOptions { get; set; } = call.WriteOptions;

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (call.IsDisposed) return Task.FromException(new ObjectDisposedException(nameof(GrpcCall)));
        return Interlocked.CompareExchange(ref _state, Writing, Idle) switch
        {
            Writing => Task.FromException(new InvalidOperationException("Can't write the message because the previous write is in progress.")),
            Completed => Task.FromException(new InvalidOperationException("Request stream has already been completed.")),
            _ => SendAsync(message, cancellationToken),
        };
    }

    public Task CompleteAsync()
    {
        if (call.IsDisposed) return Task.FromException(new ObjectDisposedException(nameof(GrpcCall)));
        switch (Interlocked.CompareExchange(ref _state, Completed, Idle))
        {
            case Writing:
                return Task.FromException(new InvalidOperationException(
                    "Can't complete the client stream writer because the previous write is in progress."));
            case Idle:
                content.Complete();
                return Task.CompletedTask;
            default:
                return Task.CompletedTask;
        }
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

            await TransmitAsync(buffer.WrittenMemory, options).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _state, Idle);
        }
    }

    private async Task TransmitAsync(ReadOnlyMemory<byte> message, WriteOptions? options)
    {
        try
        {
            var stream = await content.OpenAsync(call.Stopped).ConfigureAwait(false);
            await stream.WriteAsync(message, call.Stopped).ConfigureAwait(false);
            if (options is null || !options.Flags.HasFlag(WriteFlags.BufferHint)) await stream.FlushAsync(call.Stopped).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The server has closed the request stream: how the call ended is known when its answer has arrived, if it has none yet.
            await call.WaitForAnswerAsync().ConfigureAwait(false);
            if (call.HasEnded) throw call.CreateException();
            // Responses are left to read, and the status comes after them.
            throw new RpcException(ErrorMapping.ToStatus(e, ErrorMapping.Writing));
        }
    }
}
