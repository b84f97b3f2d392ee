using System.Net;
using System.Net.Sockets;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>
/// Makes the connections of a <see cref="SocketsHttpHandler"/> and so knows whether there are any. A connection that was asked for before there is a
/// call is parked until the handler wants one.
/// </summary>
internal sealed class ConnectionMonitor : IConnectivity
{
    private readonly DnsEndPoint _endPoint;
    private readonly Backoff _backoff;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _gate = new();
    private readonly ConnectivityTracker _state = new();
    private TrackedStream? _parked;

    private ConnectionMonitor(Uri address, Backoff backoff)
    {
        _endPoint = new DnsEndPoint(address.IdnHost, address.Port);
        _backoff = backoff;
    }

    public ConnectivityState State => _state.State;

    /// <summary>A monitor of a handler's connections; null if someone else makes them, or it has made some already.</summary>
    public static ConnectionMonitor? TryAttach(SocketsHttpHandler? handler, Uri address, GrpcChannelOptions options)
    {
        if (handler is not { ConnectCallback: null }) return null;
        var monitor = new ConnectionMonitor(address, new Backoff(options.InitialReconnectBackoff, options.MaxReconnectBackoff));
        try
        {
            handler.ConnectCallback = monitor.ProvideAsync;
            return monitor;
        }
        catch (InvalidOperationException)
        {
            // The handler is in use: its settings are fixed.
            return null;
        }
    }

    /// <summary>Connects and parks the connection, if there is none; tries until it succeeds.</summary>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposed.Token);
        for (var attempt = 0; State != ConnectivityState.Ready; attempt++)
        {
            try
            {
                await ParkAsync(await OpenAsync(_endPoint, either.Token).ConfigureAwait(false)).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                // The state says so. The next attempt comes after a pause.
                await Task.Delay(_backoff.Next(attempt), either.Token).ConfigureAwait(false);
            }
        }
    }

    public Task WaitForStateChangedAsync(ConnectivityState lastObservedState, CancellationToken cancellationToken) =>
        _state.WaitForChangeAsync(lastObservedState, cancellationToken);

    public void Dispose()
    {
        _disposed.Cancel();
        TrackedStream? parked;
        lock (_gate)
        {
            parked = _parked;
            _parked = null;
        }

        _state.Close();
        parked?.Dispose();
    }

    // The handler asks for a connection. It may belong to others too and ask for one to another address.
    private async ValueTask<Stream> ProvideAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        if (!context.DnsEndPoint.Equals(_endPoint)) return new NetworkStream(await DialAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false), ownsSocket: true);
        return TakeParked() ?? await OpenAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
    }

    private async Task<TrackedStream> OpenAsync(DnsEndPoint endPoint, CancellationToken cancellationToken)
    {
        _state.OnConnecting();
        try
        {
            var socket = await DialAsync(endPoint, cancellationToken).ConfigureAwait(false);
            _state.OnConnected();
            return new TrackedStream(socket, this);
        }
        catch (Exception e)
        {
            // Giving up is no failure of the server.
            _state.OnNotConnected(isServers: e is SocketException);
            throw;
        }
    }

    private static async Task<Socket> DialAsync(DnsEndPoint endPoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task ParkAsync(TrackedStream stream)
    {
        TrackedStream? surplus;
        lock (_gate)
        {
            surplus = _disposed.IsCancellationRequested || _parked is not null ? stream : null;
            if (surplus is null) _parked = stream;
        }

        if (surplus is not null) await surplus.DisposeAsync().ConfigureAwait(false);
    }

    private TrackedStream? TakeParked()
    {
        TrackedStream? parked;
        lock (_gate)
        {
            parked = _parked;
            _parked = null;
        }

        if (parked is null || !parked.IsClosedByPeer) return parked;
        parked.Dispose();
        return null;
    }

    private sealed class TrackedStream(Socket socket, ConnectionMonitor monitor) : NetworkStream(socket, ownsSocket: true)
    {
        private int _isDisposed;

        public bool IsClosedByPeer => Socket.Poll(0, SelectMode.SelectRead) && Socket.Available == 0;

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0) monitor._state.OnLost();
        }
    }
}
