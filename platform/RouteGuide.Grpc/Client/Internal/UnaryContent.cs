using System.Net;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal;

/// <summary>
/// A request body of one message, serialized before it is sent: HttpClient may write it more than once, on another connection. Its memory is freed
/// when both the call and the last write have ended; an answer may come, and end the call, while the body is still being written.
/// </summary>
internal sealed class UnaryContent : HttpContent
{
    private readonly PooledBuffer _message;

    // The call itself is the first holder.
    private int _holders = 1;

    public UnaryContent(PooledBuffer message)
    {
        _message = message;
        Headers.TryAddWithoutValidation("Content-Type", GrpcContentType.Value);
    }

    /// <summary>The call is over. Only once.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0) _message.Dispose();
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Hold();
        try
        {
            await stream.WriteAsync(_message.WrittenMemory, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Release();
        }
    }

    // gRPC requests have no content-length.
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    private void Hold()
    {
        int holders;
        do
        {
            holders = Volatile.Read(ref _holders);
            ObjectDisposedException.ThrowIf(holders == 0, this);
        }
        while (Interlocked.CompareExchange(ref _holders, holders + 1, holders) != holders);
    }
}
