using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer;

/// <summary>A target that answers by hand, frame by frame.</summary>
internal sealed class RawTarget : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly Func<RawHttp2Connection, RawHttp2Stream, Task> _handle;
    private readonly IReadOnlyDictionary<int, uint>? _settings;
    private readonly Func<Stream, Task<Stream>>? _secure;
    private readonly ConcurrentBag<RawHttp2Connection> _connections = [];
    private readonly Task _accepting;

    private RawTarget(TcpListener listener, Func<RawHttp2Connection, RawHttp2Stream, Task> handle, IReadOnlyDictionary<int, uint>? settings, Func<Stream, Task<Stream>>? secure)
    {
        _secure = secure;
        _listener = listener;
        _handle = handle;
        _settings = settings;
        _accepting = Accept();
    }

    public Uri Url => new($"http://{_listener.LocalEndpoint}");

    /// <summary>The connections that the balancer made, the latest first.</summary>
    public IReadOnlyCollection<RawHttp2Connection> Connections => _connections;

    /// <summary>What went wrong in a test's own code here.</summary>
    public Exception? Failure { get; private set; }

    /// <param name="handle">Is called for each stream, as soon as its headers are there.</param>
    /// <param name="settings">Settings besides the usual ones.</param>
    /// <param name="port">0 for a free one.</param>
    /// <param name="secure">Makes TLS of a connection; null for plaintext.</param>
    public static RawTarget Start(Func<RawHttp2Connection, RawHttp2Stream, Task> handle, IReadOnlyDictionary<int, uint>? settings = null, int port = 0, Func<Stream, Task<Stream>>? secure = null)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        return new RawTarget(listener, handle, settings, secure);
    }

    /// <summary>The end of an answered request: a message and status 0.</summary>
    public static async Task Answer(RawHttp2Stream stream)
    {
        await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
        await stream.SendMessageAsync([]);
        await stream.SendHeadersAsync([("grpc-status", "0")], end: true);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var connection in _connections)
        {
            if (!connection.IsClosed) await connection.DisposeAsync();
        }
    }

    private async Task Accept()
    {
        while (true)
        {
            try
            {
                _ = Serve(await _listener.AcceptSocketAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task Serve(Socket socket)
    {
        try
        {
            Stream transport = new NetworkStream(socket, ownsSocket: true);
            if (_secure is not null) transport = await _secure(transport);
            var connection = await RawHttp2Connection.AcceptAsync(transport, _settings);
            _connections.Add(connection);
            while (true)
            {
                var stream = await connection.AcceptStreamAsync();
                _ = Handle(connection, stream);
            }
        }
        catch (Exception e) when (e is IOException or AuthenticationException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection is over, or the test is.
        }
    }

    private async Task Handle(RawHttp2Connection connection, RawHttp2Stream stream)
    {
        try
        {
            await stream.HasHeaders();
            await _handle(connection, stream);
        }
        catch (Exception e)
        {
            Failure = e;
        }
    }
}
