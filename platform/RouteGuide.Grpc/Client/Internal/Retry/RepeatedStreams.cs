using Grpc.Core;

namespace Grpc.Net.Client.Internal.Retry;

/// <summary>The responses of a repeated call: those of the attempt that is kept.</summary>
internal sealed class RepeatedReader<TRequest, TResponse>(RepeatedCall<TRequest, TResponse> call) : IAsyncStreamReader<TResponse>
    where TRequest : class
    where TResponse : class
{
    private Attempt<TResponse>? _attempt;
    private int _isWaiting;

    public TResponse Current => _attempt is null ? default! : _attempt.Reader!.Current;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (call.IsDisposed) return Task.FromException<bool>(new ObjectDisposedException(nameof(GrpcCall)));
        if (_attempt is not null) return _attempt.Reader!.MoveNext(cancellationToken);
        if (Interlocked.Exchange(ref _isWaiting, 1) == 1)
        {
            return Task.FromException<bool>(new InvalidOperationException(
                "Can't read the next message because the previous read is still in progress."));
        }

        return WaitAsync(cancellationToken);
    }

    private async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        using (call.CancelWith(cancellationToken)) _attempt = await call.CommittedAsync().ConfigureAwait(false);
        if (!_attempt.Call.IsDisposed) return await _attempt.Reader!.MoveNext(cancellationToken).ConfigureAwait(false);
        // Disposed while this read was waiting: not after the call, but with it.
        throw _attempt.Call.CreateException();
    }
}

/// <summary>The requests of a repeated stream: they go into the log, from where the attempts send them.</summary>
internal sealed class RepeatedWriter<TRequest, TResponse>(
    RepeatedCall<TRequest, TResponse> call, RequestLog log, Marshaller<TRequest> marshaller, int? maxMessageSize) : IClientStreamWriter<TRequest>
    where TRequest : class
    where TResponse : class
{
    private readonly WriterState _state = new();

    public WriteOptions? WriteOptions { get; set; } = call.Options.WriteOptions;

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (call.IsDisposed) return Task.FromException(new ObjectDisposedException(nameof(GrpcCall)));
        return _state.TryBeginWrite(out var refusal) ? AppendAsync(message, cancellationToken) : Task.FromException(refusal);
    }

    public Task CompleteAsync()
    {
        if (call.IsDisposed) return Task.FromException(new ObjectDisposedException(nameof(GrpcCall)));
        if (_state.TryComplete(out var refusal)) log.Complete();
        return refusal is null ? Task.CompletedTask : Task.FromException(refusal);
    }

    private async Task AppendAsync(TRequest request, CancellationToken cancellationToken)
    {
        try
        {
            using var registration = call.CancelWith(cancellationToken);
            var payload = marshaller.Serializer(request);
            if (payload.Length > maxMessageSize) throw MessageSerializer.TooLarge();

            var message = new BufferedMessage(payload, WriteOptions);
            log.Append(message);
            await message.Sent.ConfigureAwait(false);
        }
        finally
        {
            _state.EndWrite();
        }
    }
}
