using System.Buffers;
using System.Net;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>A request's body on its way: each piece goes on as it comes, and none is kept.</summary>
internal sealed class RequestContent(Stream body, long? length) : HttpContent
{
    private const int BufferSize = 16 * 1024;

    /// <summary>Something was read, so that the body cannot be sent again.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Octets that went to the target.</summary>
    public long Sent { get; private set; }

    /// <summary>What went wrong on the client's side.</summary>
    public Exception? ReadFailure { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (HasBegun) throw new InvalidOperationException("The body of the request is gone: it was sent to a target before.");
        HasBegun = true;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await Read(buffer, cancellationToken) is > 0 and var count)
            {
                await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                await stream.FlushAsync(cancellationToken);
                Sent += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override bool TryComputeLength(out long length1)
    {
        length1 = length ?? 0;
        return length.HasValue;
    }

    private async ValueTask<int> Read(byte[] buffer, CancellationToken cancellation)
    {
        try
        {
            return await body.ReadAsync(buffer.AsMemory(0, BufferSize), cancellation);
        }
        catch (Exception e)
        {
            ReadFailure = e;
            throw;
        }
    }
}
