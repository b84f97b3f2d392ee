using System.Net;
using System.Threading.Channels;

namespace RouteGuide.Tests.Balancer;

/// <summary>A request body that a test writes piece by piece while the response already comes.</summary>
internal sealed class DuplexContent : HttpContent
{
    private readonly Channel<byte[]> _pieces = Channel.CreateUnbounded<byte[]>();

    public void Send(params byte[] piece) => _pieces.Writer.TryWrite(piece);

    public void End() => _pieces.Writer.Complete();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The request headers leave at once, before the first piece.
        await stream.FlushAsync(cancellationToken);
        await foreach (var piece in _pieces.Reader.ReadAllAsync(cancellationToken))
        {
            await stream.WriteAsync(piece, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
