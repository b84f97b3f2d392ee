using System.Net;
using System.Net.Sockets;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>
/// Makes the connections of a <see cref="SocketsHttpHandler"/> to the servers of a channel, and so knows of each whether it is connected. What was
/// connected before there is a call waits until the handler asks for it.
/// </summary>
internal sealed class SocketTransport : ISubchannelTransport
{
    // A server that does not even refuse must not hold up the next address for minutes.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private readonly Dictionary<DnsEndPoint, Server> _servers = [];

    private SocketTransport()
    {
    }

    /// <summary>A transport that makes a handler's connections; null if someone else makes them, or it has made some already.</summary>
    public static SocketTransport? TryAttach(SocketsHttpHandler? handler)
    {
        if (handler is not { ConnectCallback: null }) return null;
        var transport = new SocketTransport();
        try
        {
            handler.ConnectCallback = transport.ProvideAsync;
            return transport;
        }
        catch (InvalidOperationException)
        {
            // The handler is in use: its settings are fixed.
            return null;
        }
    }

    public async Task<IDisposable> ConnectAsync(DnsEndPoint endPoint, Action onLost, CancellationToken cancellationToken)
    {
        var interest = new Interest(this, endPoint, onLost);
        Server server;
        lock (_gate)
        {
            if (!_servers.TryGetValue(endPoint, out server!)) _servers.Add(endPoint, server = new Server());
            server.Interests.Add(interest);
            if (server is { Open: > 0, IsSuspect: false }) return interest;
        }

        try
        {
            Park(server, await OpenAsync(server, endPoint, cancellationToken).ConfigureAwait(false));
            return interest;
        }
        catch
        {
            interest.Dispose();
            throw;
        }
    }

    private async ValueTask<Stream> ProvideAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        Server? server;
        TrackedStream? parked = null;
        lock (_gate)
        {
            if (_servers.TryGetValue(context.DnsEndPoint, out server)) (parked, server.Parked) = (server.Parked, null);
        }

        // A server that has just left the list gets the calls that were on their way.
        if (server is null) return new NetworkStream(await DialAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false), ownsSocket: true);
        if (parked is { IsClosedByPeer: false }) return parked;
        if (parked is not null) await parked.DisposeAsync().ConfigureAwait(false);
        try
        {
            return await OpenAsync(server, context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            // Older connections may still end their calls; what is new here would fail.
            Suspect(server);
            throw;
        }
    }

    private async Task<TrackedStream> OpenAsync(Server server, DnsEndPoint endPoint, CancellationToken cancellationToken)
    {
        var socket = await DialAsync(endPoint, cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            server.Open++;
            server.IsSuspect = false;
        }

        return new TrackedStream(socket, this, server);
    }

    private static async Task<Socket> DialAsync(DnsEndPoint endPoint, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ConnectTimeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, limit.Token).ConfigureAwait(false);
            return socket;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void Park(Server server, TrackedStream stream)
    {
        bool isWanted;
        lock (_gate)
        {
            isWanted = server.Parked is null && server.Interests.Count > 0;
            if (isWanted) server.Parked = stream;
        }

        if (isWanted) _ = WatchAsync(server, stream);
        else stream.Dispose();
    }

    // Nobody reads a parked connection: that the server has closed it is noticed only here.
    private async Task WatchAsync(Server server, TrackedStream stream)
    {
        await stream.WaitForBytesOrEndAsync().ConfigureAwait(false);
        if (!stream.IsClosedByPeer) return;
        lock (_gate)
        {
            if (server.Parked != stream) return;
            server.Parked = null;
        }

        await stream.DisposeAsync().ConfigureAwait(false);
    }

    private void Suspect(Server server)
    {
        Interest[] interests;
        lock (_gate)
        {
            server.IsSuspect = true;
            interests = [.. server.Interests];
        }

        foreach (var interest in interests) interest.OnLost();
    }

    private void OnClosed(Server server)
    {
        Interest[] interests;
        lock (_gate)
        {
            if (--server.Open > 0) return;
            interests = [.. server.Interests];
        }

        foreach (var interest in interests) interest.OnLost();
    }

    private void Forget(Interest interest)
    {
        TrackedStream? parked = null;
        lock (_gate)
        {
            if (!_servers.TryGetValue(interest.EndPoint, out var server) || !server.Interests.Remove(interest) || server.Interests.Count > 0) return;
            _servers.Remove(interest.EndPoint);
            (parked, server.Parked) = (server.Parked, null);
        }

        parked?.Dispose();
    }

    private sealed class Server
    {
        public List<Interest> Interests { get; } = [];

        public int Open { get; set; }

        /// <summary>Whether the last connection could not be made, so that those that are open say nothing.</summary>
        public bool IsSuspect { get; set; }

        public TrackedStream? Parked { get; set; }
    }

    private sealed class Interest(SocketTransport transport, DnsEndPoint endPoint, Action onLost) : IDisposable
    {
        public DnsEndPoint EndPoint => endPoint;

        public void OnLost() => onLost();

        public void Dispose() => transport.Forget(this);
    }

    private sealed class TrackedStream(Socket socket, SocketTransport transport, Server server) : NetworkStream(socket, ownsSocket: true)
    {
        private int _isDisposed;

        public bool IsClosedByPeer
        {
            get
            {
                try
                {
                    return Volatile.Read(ref _isDisposed) == 1 || (Socket.Poll(0, SelectMode.SelectRead) && Socket.Available == 0);
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    return true;
                }
            }
        }

        public async Task WaitForBytesOrEndAsync()
        {
            try
            {
                await Socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // That is an end too.
            }
        }

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0) transport.OnClosed(server);
        }
    }
}
