using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The request stream, seen by a handler.</summary>
internal sealed class ServerStreamReader<TRequest>(ServerCall call, Func<DeserializationContext, TRequest> deserializer) : IAsyncStreamReader<TRequest>, IRequestStream
    where TRequest : class
{
    private readonly Lock _sync = new();
    private Task<bool>? _reading;
    private bool _isClosed;

    // Null before the first message and after the last, as with every reader of this kind.
    public TRequest Current { get; private set; } = null!;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<bool>(cancellationToken);

        lock (_sync)
        {
            if (_isClosed) return Refuse("Can't read messages after the request is complete.");
            if (_reading is { IsCompleted: false }) return Refuse("Can't read the next message because the previous read is still in progress.");

            var read = MessageReader.ReadNextAsync(call.HttpContext, call.Options, deserializer, cancellationToken);
            return _reading = read.IsCompletedSuccessfully ? Task.FromResult(Take(read.Result)) : FinishAsync(read);
        }
    }

    public async ValueTask CloseAsync()
    {
        Task<bool>? reading;
        lock (_sync)
        {
            _isClosed = true;
            reading = _reading;
        }

        if (reading is null or { IsCompleted: true }) return;
        call.HttpContext.Request.BodyReader.CancelPendingRead();
        // Its outcome belongs to whoever holds the task.
        await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static Task<bool> Refuse(string why) => Task.FromException<bool>(new InvalidOperationException(why));

    private async Task<bool> FinishAsync(ValueTask<TRequest?> read) => Take(await read);

    private bool Take(TRequest? message)
    {
        Current = message!;
        return message is not null;
    }
}
