using System.Net;
using System.Net.Sockets;
using System.Text;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>HTTP/1.1 to targets: a pool of connections that passes on what it is given and adds nothing of its own.</summary>
internal static class TargetClient
{
    /// <summary>Connections to one target; requests beyond that wait.</summary>
    public const int MaxConnectionsPerTarget = 1024;

    // Kilobytes of a response's head.
    private const int MaxHead = 32;

    public static HttpMessageInvoker New(ProxyOptions options) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = options.ConnectTimeout,
        ConnectCallback = Connect,
        MaxConnectionsPerServer = MaxConnectionsPerTarget,
        MaxResponseHeadersLength = MaxHead,
        // A response that nobody wants any more ends its connection: that is how HTTP/1 says so.
        MaxResponseDrainSize = 0,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        PooledConnectionLifetime = TimeSpan.FromMilliseconds(ProxyOptions.NamedTargetLifetimeMs),
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    });

    private static async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            Connector.KeepAlive(socket);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
