using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// The connections to one target: plaintext HTTP/2 with prior knowledge, multiplexed, one more when the target's stream limit is
/// reached. Interim: SocketsHttpHandler, until the balancer's own HTTP/2 engine takes its place.
/// </summary>
internal sealed class TargetClient : IDisposable
{
    private readonly ConcurrentDictionary<long, AttemptMessage> _unanswered = [];
    private readonly HttpMessageInvoker _invoker;
    private readonly TargetAddress _address;
    private long _lastNumber;

    public TargetClient(TargetAddress address, ProxyOptions options)
    {
        _address = address;
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectCallback = Connect,
            ConnectTimeout = options.ConnectTimeout,
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = ProxyOptions.StreamWindow,
            // A name may come to mean another address; calls that run are not cut by it.
            PooledConnectionLifetime = address.IsLiteral ? Timeout.InfiniteTimeSpan : TimeSpan.FromMinutes(5),
            RequestHeaderEncodingSelector = static (name, request) =>
            {
                ((AttemptMessage)request).OnField(name);
                return Encoding.Latin1;
            },
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            UseCookies = false,
            UseProxy = false,
        });
    }

    /// <summary>The URL of a call there: the path as the client wrote it, not normalised.</summary>
    /// <exception cref="UriFormatException">The path is none.</exception>
    public Uri UrlOf(string path) => new($"http://{_address.Authority}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <summary>Sends a request; returns when the response headers are there.</summary>
    public async Task<HttpResponseMessage> Send(AttemptMessage message, CancellationToken cancellation)
    {
        var number = Interlocked.Increment(ref _lastNumber);
        message.Headers.TryAddWithoutValidation(AttemptMessage.NumberField, number.ToString());
        _unanswered[number] = message;
        try
        {
            return await _invoker.SendAsync(message, cancellation);
        }
        finally
        {
            _unanswered.TryRemove(number, out _);
        }
    }

    public void Dispose() => _invoker.Dispose();

    private void OnLeaving(long number)
    {
        if (_unanswered.TryGetValue(number, out var message)) message.Sent = true;
    }

    /// <summary>
    /// Has the kernel find out about a target whose host vanished without a word. HTTP/2 pings would do it too, but gRPC servers close
    /// connections with frequent ones: ENHANCE_YOUR_CALM, "too_many_pings" (gRFC A8).
    /// </summary>
    private static void KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);

        // TCP_USER_TIMEOUT, in milliseconds: keep-alive says nothing while sent bytes wait for their acknowledgement.
        const int Tcp = 6;
        const int UserTimeout = 18;
        if (OperatingSystem.IsLinux()) socket.SetRawSocketOption(Tcp, UserTimeout, BitConverter.GetBytes(25_000));
    }

    private async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            KeepAlive(socket);
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new TargetStream(new NetworkStream(socket, ownsSocket: true), () => PeerState.HasClosed(socket), OnLeaving);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
