using System.IO.Pipelines;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The response stream, seen by a handler. Each message is flushed unless <see cref="WriteFlags.BufferHint"/> says otherwise.</summary>
internal sealed class ServerStreamWriter<TResponse>(ServerCall call, Action<TResponse, SerializationContext> serializer) : IServerStreamWriter<TResponse>, IResponseStream
    where TResponse : class
{
    private readonly Lock _sync = new();
    private Task? _writing;
    private bool _isClosed;

    public WriteOptions? WriteOptions
    {
        get => call.WriteOptions;
        set => call.WriteOptions = value;
    }

    public Task WriteAsync(TResponse message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(TResponse message, CancellationToken cancellationToken)
    {
        if (message is null) return Task.FromException(new ArgumentNullException(nameof(message)));

        lock (_sync)
        {
            if (_isClosed) return Refuse("Can't write the message because the request is complete.");
            if (_writing is { IsCompleted: false }) return Refuse("Can't write the message because the previous write is in progress.");
            if (cancellationToken.IsCancellationRequested)
            {
                call.Reset();
                return Task.FromCanceled(cancellationToken);
            }

            // The body of a caller that is gone swallows everything: an endless handler must hear of it.
            if (call.IsAborted) return Task.FromException(CallerGone());

            try
            {
                call.WriteMessage(message, serializer);
            }
            catch (Exception exception)
            {
                return Task.FromException(exception);
            }

            if (call.WriteOptions is { } options && (options.Flags & WriteFlags.BufferHint) != 0) return Task.CompletedTask;

            var flush = call.HttpContext.Response.BodyWriter.FlushAsync(cancellationToken);
            if (flush.IsCompletedSuccessfully)
            {
                return flush.Result.IsCompleted && call.IsAborted ? Task.FromException(CallerGone()) : Task.CompletedTask;
            }

            return _writing = FinishAsync(flush, cancellationToken);
        }
    }

    public async ValueTask CloseAsync()
    {
        Task? writing;
        lock (_sync)
        {
            _isClosed = true;
            writing = _writing;
        }

        // Its outcome belongs to whoever holds the task.
        if (writing is { IsCompleted: false }) await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public bool TryClose()
    {
        lock (_sync)
        {
            _isClosed = true;
            return _writing is null or { IsCompleted: true };
        }
    }

    private static Task Refuse(string why) => Task.FromException(new InvalidOperationException(why));

    private static OperationCanceledException CallerGone() => new("The message was not written, because the caller gave up the call.");

    private async Task FinishAsync(ValueTask<FlushResult> flush, CancellationToken cancellationToken)
    {
        await using var registration = cancellationToken.UnsafeRegister(static call => ((ServerCall)call!).Reset(), call);
        var result = await flush;
        cancellationToken.ThrowIfCancellationRequested();
        if (result.IsCompleted && call.IsAborted) throw CallerGone();
    }
}
