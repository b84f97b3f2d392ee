using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// The connections of one loop to one target. Calls share the first that has room; when none has, another is made, and they wait for
/// whichever comes first.
/// </summary>
internal sealed class TargetPool
{
    private readonly ProxyLoop _loop;
    private readonly Target _target;
    // After a connection could not be made although others exist, it is not tried again for a while.
    private const int RetryMs = 1_000;

    private readonly List<TargetConnection> _connections = [];
    private readonly List<TargetConnection> _leaving = []; // without new calls; those that run finish there
    private readonly LinkedList<Exchange> _waiting = [];
    private readonly LoopTimer _connecting;
    private TargetConnection? _beginning; // connected, and its SETTINGS have not come
    private long _retryMs;
    private bool _isConnecting;
    private bool _isServing;
    private bool _closed;

    public TargetPool(ProxyLoop loop, Target target)
    {
        _loop = loop;
        _target = target;
        _connecting = new LoopTimer(OnTimeout);
    }

    /// <summary>Gives a call a connection, now or later, or tells it that there is none.</summary>
    public void Acquire(Exchange exchange)
    {
        if (_waiting.Count == 0 && WithRoom() is { } connection)
        {
            exchange.OnConnection(connection);
            return;
        }

        _waiting.AddLast(exchange.WaitNode);
        ConnectIfNeeded();
    }

    /// <summary>A call that waits does not any more.</summary>
    public void Forget(Exchange exchange)
    {
        if (exchange.WaitNode.List == _waiting) _waiting.Remove(exchange.WaitNode);
    }

    /// <summary>There may be room; who waits gets it when this turn ends.</summary>
    public void OnRoom()
    {
        if (_isServing || _waiting.Count == 0) return;
        _isServing = true;
        _loop.AtTurnEnd(this);
    }

    /// <summary>Gives room to those that wait, in their order.</summary>
    public void Serve()
    {
        _isServing = false;
        while (_waiting.First is { } first && WithRoom() is { } connection)
        {
            _waiting.RemoveFirst();
            first.Value.OnConnection(connection);
        }

        if (_waiting.Count > 0) ConnectIfNeeded();
    }

    public void OnReady(TargetConnection connection)
    {
        if (_beginning != connection) return;
        _beginning = null;
        _loop.Timers.Clear(_connecting);
        _connections.Add(connection);
    }

    /// <summary>It takes no new calls.</summary>
    public void OnLeaving(TargetConnection connection)
    {
        if (!_connections.Remove(connection)) return;
        _leaving.Add(connection);
        OnRoom();
    }

    public void OnOver(TargetConnection connection)
    {
        _leaving.Remove(connection);
        _connections.Remove(connection);
        if (_beginning == connection)
        {
            _beginning = null;
            Fail($"cannot be reached: {connection.LossReason}");
        }
        else
        {
            OnRoom();
        }
    }

    /// <summary>About once a second.</summary>
    public void Tick()
    {
        foreach (var connection in _connections.ToArray())
        {
            if (!_target.Address.IsLiteral && _loop.NowMs - connection.MadeMs > ProxyOptions.NamedTargetLifetimeMs) connection.Retire();
            connection.Tick();
        }

        foreach (var connection in _leaving.ToArray()) connection.Tick();
        _beginning?.Tick();
        OnRoom();
    }

    /// <summary>The target is gone and no call runs there, or the balancer ends.</summary>
    public void Close()
    {
        _closed = true;
        _loop.Timers.Clear(_connecting);
        foreach (var connection in _connections.ToArray()) connection.Retire();
        _beginning?.Abort("the target is gone");
        Fail("is gone");
    }

    private TargetConnection? WithRoom()
    {
        foreach (var connection in _connections)
        {
            if (connection.HasRoom) return connection;
        }

        return null;
    }

    private void ConnectIfNeeded()
    {
        if (_isConnecting || _beginning is not null || _closed || _loop.NowMs < _retryMs || _connections.Count >= ProxyOptions.MaxConnectionsPerTarget) return;
        _isConnecting = true;
        var timeout = _loop.Shared.Options.ConnectTimeout;
        Connector.Connect(_loop.Loop, _target.Address.Host, _target.Address.Port, timeout, OnConnected);
    }

    private void OnConnected(SocketChannel? channel, string? reason)
    {
        _isConnecting = false;
        if (_closed)
        {
            channel?.Abort();
            return;
        }

        if (channel is null)
        {
            Fail($"cannot be reached: {reason}");
            return;
        }

        _beginning = new TargetConnection(_loop, channel, this, _loop.Shared.Options.Limits);
        _loop.Timers.Set(_connecting, _loop.NowMs + (long)_loop.Shared.Options.ConnectTimeout.TotalMilliseconds);
        _beginning.Start();
    }

    private void OnTimeout() => _beginning?.Abort($"no SETTINGS within {_loop.Shared.Options.ConnectTimeout.TotalSeconds} s");

    // Those that would have waited for this connection. If others exist, they wait on for room there.
    private void Fail(string reason)
    {
        if (_connections.Count > 0 && !_closed)
        {
            _retryMs = _loop.NowMs + RetryMs;
            return;
        }

        while (_waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            first.Value.OnNoConnection(reason);
        }
    }
}
