using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;
using Grpc.Internal;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Transport;

namespace Grpc.Net.Client.Internal.Engine;

/// <summary>
/// The connections of a channel to its server. Calls share the first that has room; when all are full, another is made, and they wait for
/// whichever comes first. It belongs to one loop, but for its state and what is said to be for any thread.
/// </summary>
internal sealed class ConnectionPool : IConnectivity
{
    // For all addresses of the server together, and again for what is said before the first call can be answered.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(20);

    // Connections that are there only because there were more calls; and the last one, as nobody is sure to dispose the channel.
    private const int MaxIdleMs = 60_000;
    private const int MaxLastIdleMs = 300_000;

    // Connections that a server which refuses calls gets without being full.
    private const int MaxAfterRefusal = 4;

    private readonly ConnectivityTracker _state = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly Uri _address;
    private readonly Backoff _backoff;
    private readonly HeaderEntry _authority;
    private HeaderEntry? _acceptEncoding;

    // Of the loop.
    private readonly List<EngineConnection> _connections = [];
    private readonly LinkedList<EngineExchange> _waiting = [];
    private readonly List<TaskCompletionSource<bool>> _asked = [];
    private TlsChannel? _securing;
    private bool _isConnecting;
    private bool _isServing;
    private bool _isClosed;

    public ConnectionPool(Uri address, GrpcChannelOptions options)
    {
        Loop = ClientLoops.Next();
        _address = address;
        _authority = RequestTemplate.AuthorityOf(address);
        _backoff = new Backoff(options.InitialReconnectBackoff, options.MaxReconnectBackoff);
    }

    public ClientLoop Loop { get; }

    public ConnectivityState State => _state.State;

    /// <summary>Streams that the server allowed on a connection last. The loop.</summary>
    public int KnownStreamLimit { get; set; } = int.MaxValue;

    /// <summary>The fields of a method's requests. Any thread.</summary>
    public RequestTemplate CreateTemplate(Uri address, string acceptEncoding)
    {
        // The same object for all methods, so that it takes one place in the server's table.
        _acceptEncoding ??= new HeaderEntry(GrpcHeaders.AcceptEncoding, acceptEncoding);
        return new RequestTemplate(address, _authority, _acceptEncoding);
    }

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposed.Token);
        for (var attempt = 0; State != ConnectivityState.Ready; attempt++)
        {
            var asked = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            Loop.Loop.Post(() => Ask(asked));
            if (await asked.Task.WaitAsync(either.Token).ConfigureAwait(false)) return;
            await Task.Delay(_backoff.Next(attempt), either.Token).ConfigureAwait(false);
        }
    }

    public Task WaitForStateChangedAsync(ConnectivityState lastObservedState, CancellationToken cancellationToken) =>
        _state.WaitForChangeAsync(lastObservedState, cancellationToken);

    public void Dispose()
    {
        if (State == ConnectivityState.Shutdown) return;
        _state.Close();
        _disposed.Cancel();
        Loop.Loop.Post(Close);
    }

    /// <summary>Gives a call a connection, now or later, or tells it that there is none.</summary>
    public void Acquire(EngineExchange exchange)
    {
        if (_waiting.Count == 0 && RoomFor(exchange) is { } connection)
        {
            exchange.OnConnection(connection);
            return;
        }

        AcquireLater(exchange);
    }

    /// <summary>The same, when this turn ends: a call whose connection has just been lost.</summary>
    public void AcquireLater(EngineExchange exchange)
    {
        _waiting.AddLast(exchange.WaitNode ??= new LinkedListNode<EngineExchange>(exchange));
        OnRoom();
    }

    /// <summary>A call does not wait any more.</summary>
    public void Forget(EngineExchange exchange)
    {
        if (exchange.WaitNode?.List == _waiting) _waiting.Remove(exchange.WaitNode);
    }

    /// <summary>There may be room; who waits gets it when this turn ends.</summary>
    public void OnRoom()
    {
        if (_isServing || _waiting.Count == 0) return;
        _isServing = true;
        Loop.AtTurnEnd(this);
    }

    /// <summary>Gives room to those that wait, in their order.</summary>
    public void Serve()
    {
        _isServing = false;
        while (_waiting.First is { } first && RoomFor(first.Value) is { } connection)
        {
            _waiting.RemoveFirst();
            first.Value.OnConnection(connection);
        }

        if (_waiting.First is { } next && NeedsAnother(next.Value)) Connect();
    }

    public void OnOver(EngineConnection connection)
    {
        _connections.Remove(connection);
        _state.OnLost();
        if (_connections.Count == 0) Loop.Remove(this);
        OnRoom();
    }

    /// <summary>About once a second.</summary>
    public void Tick()
    {
        foreach (var connection in _connections.ToArray())
        {
            connection.Tick();
            if (connection.IsOver) continue;
            var now = Loop.NowMs;
            if (!connection.HasSettings && now - connection.MadeMs > ConnectTimeout.TotalMilliseconds)
                connection.Abort($"no SETTINGS of HTTP/2 within {ConnectTimeout.TotalSeconds} s");
            else if (connection.HasRoom && connection.Connection.StreamCount == 0 && now - connection.IdleSinceMs > (_connections.Count > 1 ? MaxIdleMs : MaxLastIdleMs))
                connection.Retire();
        }

        OnRoom();
    }

    // The one that has refused a call gets it again only if there is no other to be had.
    private EngineConnection? RoomFor(EngineExchange exchange)
    {
        EngineConnection? last = null;
        foreach (var connection in _connections)
        {
            if (!connection.HasRoom) continue;
            if (connection != exchange.RefusedBy) return connection;
            last = connection;
        }

        return _connections.Count >= MaxAfterRefusal || _isClosed ? last : null;
    }

    // While one has not said how many streams it takes, or takes none at all, another would be no better.
    private bool NeedsAnother(EngineExchange exchange) => _connections.TrueForAll(
        c => c == exchange.RefusedBy || c.IsOver || (c.IsFull && (c.Connection.IsPeerGone || c.Connection.IsDraining || (c.HasSettings && c.Connection.StreamCount > 0))));

    private void Ask(TaskCompletionSource<bool> asked)
    {
        if (State == ConnectivityState.Ready)
        {
            asked.SetResult(true);
            return;
        }

        _asked.Add(asked);
        Connect();
    }

    private void Connect()
    {
        if (_isConnecting) return;
        if (_isClosed)
        {
            Fail(new ConnectFailure(new SocketException((int)SocketError.OperationAborted), "The channel is disposed.", HttpRequestError.ConnectionError));
            return;
        }

        _isConnecting = true;
        _state.OnConnecting();
        _ = Task.Run(DialAsync);
    }

    private async Task DialAsync()
    {
        Socket? socket = null;
        Exception? problem = null;
        try
        {
            socket = await Dialer.ConnectAsync(_address.IdnHost, _address.Port, ConnectTimeout).ConfigureAwait(false);
            Connector.KeepAlive(socket);
            Connector.WaitForSlowReaders(socket);
        }
        catch (Exception e) when (e is SocketException or ArgumentException or ObjectDisposedException)
        {
            socket?.Dispose();
            socket = null;
            problem = e as SocketException ?? new SocketException((int)SocketError.HostNotFound, e.Message);
        }

        Loop.Loop.Post(() => OnDialled(socket, problem));
    }

    private void OnDialled(Socket? socket, Exception? problem)
    {
        SocketChannel? channel = null;
        try
        {
            if (socket is not null) channel = new SocketChannel(Loop.Loop, socket);
        }
        catch (SocketException e)
        {
            // It was connected, and is gone already.
            socket!.Dispose();
            problem = e;
        }

        if (channel is null)
        {
            _isConnecting = false;
            _state.OnNotConnected(isServers: true);
            Fail(new ConnectFailure(problem!, $"{problem!.Message} ({_address.Authority})", HttpRequestError.ConnectionError));
            return;
        }

        _state.OnConnected();
        if (_isClosed)
        {
            channel.Abort();
            _isConnecting = false;
            _state.OnLost();
            if (_waiting.Count > 0) Connect();
            return;
        }

        Answer(true);
        if (_address.Scheme != Uri.UriSchemeHttps)
        {
            Begin(channel);
            return;
        }

        var handshake = new ServerHandshake(_address.IdnHost);
        _securing = TlsChannel.Secure(channel, handshake, (int)ConnectTimeout.TotalMilliseconds, Begin, why =>
        {
            _securing = null;
            _isConnecting = false;
            _state.OnLost();
            Fail(handshake.IsOtherProtocol
                ? new ConnectFailure(null, $"An HTTP/2 connection could not be established: {why}", HttpRequestError.VersionNegotiationError)
                : new ConnectFailure(new AuthenticationException(why), "The SSL connection could not be established, see inner exception.", HttpRequestError.SecureConnectionError));
        });
    }

    private void Begin(IChannel channel)
    {
        _securing = null;
        _isConnecting = false;
        var connection = new EngineConnection(Loop, channel, this);
        _connections.Add(connection);
        Loop.Add(this);
        connection.Start();
        if (_isClosed) connection.End();
        OnRoom();
    }

    private void Answer(bool isConnected)
    {
        foreach (var asked in _asked) asked.TrySetResult(isConnected);
        _asked.Clear();
    }

    // Those that would have waited for this connection hear of it. If others exist, they wait on for room there.
    private void Fail(ConnectFailure failure)
    {
        Answer(false);
        if (_connections.Exists(c => !c.IsOver && !c.Connection.IsPeerGone) && !_isClosed)
        {
            foreach (var exchange in _waiting) exchange.OnNoOther();
            OnRoom();
            return;
        }

        while (_waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            first.Value.OnNoConnection(failure.ToException());
        }
    }

    private void Close()
    {
        _isClosed = true;
        if (_securing is { } securing)
        {
            _securing = null;
            _isConnecting = false;
            securing.Abort();
            _state.OnLost();
        }

        foreach (var connection in _connections.ToArray()) connection.End();
        Answer(false);
        if (_waiting.Count > 0) Connect();
    }

    /// <summary>Why there is no connection. Every call gets an exception of its own.</summary>
    private sealed record ConnectFailure(Exception? Inner, string Message, HttpRequestError Error)
    {
        public HttpRequestException ToException() => new(Error, Message, Inner);
    }
}
