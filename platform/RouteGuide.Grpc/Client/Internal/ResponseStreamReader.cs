using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>The stream of responses, as the application reads it.</summary>
internal sealed class ResponseStreamReader<TRequest, TResponse>(GrpcCall<TRequest, TResponse> call) : IAsyncStreamReader<TResponse>
    where TRequest : class
    where TResponse : class
{
    private MessageReader? _reader;
    private int _isReading;

    public TResponse Current { get; private set; } = default!;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (call.IsDisposed) return Task.FromException<bool>(new ObjectDisposedException(nameof(GrpcCall)));
        if (Interlocked.Exchange(ref _isReading, 1) == 1)
        {
            return Task.FromException<bool>(new InvalidOperationException(
                "Can't read the next message because the previous read is still in progress."));
        }

        return ReadAsync(cancellationToken);
    }

    private async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        using var registration = call.CancelWith(cancellationToken);
        var hasMessage = false;
        try
        {
            if (!call.HasEnded) _reader ??= await call.OpenResponseAsync().ConfigureAwait(false);
            if (_reader is not null && !call.HasEnded)
            {
                if (await _reader.ReadAsync().ConfigureAwait(false))
                {
                    Current = PayloadDeserializationContext.Deserialize(call.Deserializer, _reader.Payload, ErrorMapping.Reading);
                    hasMessage = true;
                    return true;
                }

                call.EndWithTrailers();
            }
        }
        catch (Exception e)
        {
            call.Fail(e, ErrorMapping.Reading);
        }
        finally
        {
            // Not by whether the call has ended: it may end right behind a message that is still the application's.
            if (!hasMessage) Close();
            Volatile.Write(ref _isReading, 0);
        }

        return call.GetStatus().StatusCode == StatusCode.OK ? false : throw call.CreateException();
    }

    private void Close()
    {
        Current = default!;
        _reader?.Dispose();
        _reader = null;
    }
}
