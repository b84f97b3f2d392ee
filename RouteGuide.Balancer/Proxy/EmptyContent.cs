using System.Net;

namespace RouteGuide.Balancer.Proxy;

/// <summary>No body, without saying so in a header: for a POST without content, SocketsHttpHandler would make up <c>content-length: 0</c>.</summary>
internal sealed class EmptyContent : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
