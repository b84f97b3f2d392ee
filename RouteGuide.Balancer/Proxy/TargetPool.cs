using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Metering;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// The connections of one loop to one target. One is made before it is needed, and replaced at once when it is lost or leaves. Calls
/// share the first that has room; when none has, another is made, and they wait for whichever comes first.
/// </summary>
internal sealed class TargetPool
{
    private readonly ProxyLoop _loop;
    private readonly SuspectWatch _suspects;
    private readonly GroupCounts _counts;
    private readonly Target _target;
    private readonly List<TargetConnection> _connections = [];
    private readonly List<TargetConnection> _leaving = []; // without new calls; those that run finish there
    private readonly LinkedList<Attempt> _waiting = [];
    private readonly LoopTimer _beginningEnds;
    private readonly LoopTimer _retry;
    private TargetConnection? _beginning; // connected, and its SETTINGS have not come
    private TlsChannel? _securing; // connected, and its handshake goes on
    private long _connectBeganMs;
    private Backoff _backoff;
    private long _notBeforeMs; // what is not urgent connects again at this time
    private bool _isConnecting;
    private bool _mustProve; // the target is a suspect: only a new connection shows that it can be reached
    private bool _isServing;
    private bool _closed;

    public TargetPool(ProxyLoop loop, ProxyGroup group, Target target)
    {
        _loop = loop;
        _suspects = group.Suspects;
        _counts = group.Group.Counts.Of(loop.Meter.Slot);
        _target = target;
        _beginningEnds = new LoopTimer(OnTimeout);
        _retry = new LoopTimer(ConnectAhead);
    }

    /// <summary>Connects before the first call.</summary>
    public void Warm() => ConnectAhead();

    /// <summary>Gives a call a connection, now or later, or tells it that there is none.</summary>
    public void Acquire(Attempt attempt)
    {
        if (_waiting.Count == 0 && WithRoom() is { } connection)
        {
            attempt.OnConnection(connection);
            return;
        }

        _waiting.AddLast(attempt.WaitNode);
        ConnectForWaiting();
    }

    /// <summary>A call that waits does not any more.</summary>
    public void Forget(Attempt attempt)
    {
        if (attempt.WaitNode.List == _waiting) _waiting.Remove(attempt.WaitNode);
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

        if (_waiting.Count > 0) ConnectForWaiting();
    }

    public void OnReady(TargetConnection connection)
    {
        if (_beginning != connection) return;
        _beginning = null;
        _mustProve = false;
        _counts.Connections++;
        _loop.Timers.Clear(_beginningEnds);
        _connections.Add(connection);
        _suspects.Clear(_target);
        foreach (var old in _connections.Where(IsOld).ToArray()) old.Retire();
    }

    /// <summary>It takes no new calls.</summary>
    public void OnLeaving(TargetConnection connection)
    {
        if (!_connections.Remove(connection)) return;
        _leaving.Add(connection);
        OnRoom();
        if (_connections.Count == 0) ConnectAfterLossOf(connection);
    }

    public void OnOver(TargetConnection connection)
    {
        if (_beginning == connection)
        {
            _beginning = null;
            _loop.Timers.Clear(_beginningEnds);
            Fail($"cannot be reached: {connection.LossReason}");
            return;
        }

        // One that was leaving has been replaced already, but the calls that ran there may have made the target a suspect.
        var wasInUse = _connections.Remove(connection);
        _leaving.Remove(connection);
        OnRoom();
        _mustProve |= _suspects.IsSuspect(_target);
        if (wasInUse || _mustProve) ConnectAfterLossOf(connection);
    }

    /// <summary>About once a second.</summary>
    public void Tick()
    {
        foreach (var connection in _connections.ToArray()) connection.Tick();
        foreach (var connection in _leaving.ToArray()) connection.Tick();
        _beginning?.Tick();
        // The new one comes first, then the old ones leave.
        if (_connections.Exists(IsOld) && _loop.NowMs >= _notBeforeMs) Connect();
        OnRoom();
    }

    /// <summary>Ends the calls that run there; those that wait for a connection may go elsewhere.</summary>
    public void EndCalls()
    {
        TellWaiting("was deregistered");
        foreach (var connection in (TargetConnection[])[.. _connections, .. _leaving])
        {
            foreach (var stream in connection.Connection.CopyStreams()) (stream.Tag as Attempt)?.OnTargetExpired();
        }
    }

    /// <summary>The target is gone and no call runs there, or the balancer ends.</summary>
    public void Close()
    {
        _closed = true;
        _loop.Timers.Clear(_beginningEnds);
        _loop.Timers.Clear(_retry);
        foreach (var connection in _connections.ToArray()) connection.Retire();
        _securing?.Abort();
        _beginning?.Abort("the target is gone");
        Fail("is gone");
    }

    // What a name means may have changed.
    private bool IsOld(TargetConnection connection) => !_target.Address.IsLiteral && _loop.NowMs - connection.MadeMs > ProxyOptions.NamedTargetLifetimeMs;

    private TargetConnection? WithRoom()
    {
        foreach (var connection in _connections)
        {
            if (connection.HasRoom) return connection;
        }

        return null;
    }

    private void ConnectAfterLossOf(TargetConnection connection)
    {
        _notBeforeMs = _loop.NowMs + _backoff.AfterLoss(_loop.NowMs - connection.MadeMs, _loop.Random);
        ConnectAhead();
    }

    // So that there is one when a call comes.
    private void ConnectAhead()
    {
        if (_closed || _loop.IsDraining || _target.IsClosed || (_connections.Count > 0 && !_mustProve)) return;
        if (_loop.NowMs >= _notBeforeMs) Connect();
        else _loop.Timers.Set(_retry, _notBeforeMs);
    }

    // A call is a reason not to wait any longer, unless there are connections that it only needs room on.
    private void ConnectForWaiting()
    {
        if (_connections.Count == 0 || (_loop.NowMs >= _notBeforeMs && _connections.Count < _loop.Shared.Options.Limits.MaxConnectionsPerTarget)) Connect();
    }

    private void Connect()
    {
        if (_isConnecting || _beginning is not null || _closed) return;
        _isConnecting = true;
        _connectBeganMs = _loop.NowMs;
        _loop.Timers.Clear(_retry);
        var timeout = _loop.Shared.Options.ConnectTimeout;
        _loop.Shared.Connector.Connect(_loop.Loop, _target.Address.Host, _target.Address.Port, timeout, OnConnected);
    }

    private void OnConnected(IChannel? channel, string? reason)
    {
        if (_closed)
        {
            channel?.Abort();
            return;
        }

        if (channel is null)
        {
            _isConnecting = false;
            Fail($"cannot be reached: {reason}");
            return;
        }

        if (!_target.Address.IsTls)
        {
            Begin(channel);
            return;
        }

        var left = (int)_loop.Shared.Options.ConnectTimeout.TotalMilliseconds - (_loop.NowMs - _connectBeganMs);
        _securing = TlsChannel.Secure(
            channel,
            _loop.Shared.Options.TargetTls.Begin(_target.Address.ServerName),
            (int)Math.Max(1, left),
            Begin,
            why =>
            {
                _securing = null;
                _isConnecting = false;
                if (!_closed) _counts.TlsErrors++;
                Fail($"cannot be reached: {why}");
            });
    }

    private void Begin(IChannel channel)
    {
        _securing = null;
        _isConnecting = false;
        _beginning = new TargetConnection(_loop, channel, this, _loop.Shared.Options.Limits.Http2);
        _loop.Timers.Set(_beginningEnds, _loop.NowMs + (long)_loop.Shared.Options.ConnectTimeout.TotalMilliseconds);
        _beginning.Start();
    }

    private void OnTimeout() => _beginning?.Abort($"no SETTINGS within {_loop.Shared.Options.ConnectTimeout.TotalSeconds} s");

    // Those that would have waited for this connection hear of it. If others exist, they wait on for room there.
    private void Fail(string reason)
    {
        if (!_closed) _counts.ConnectionErrors++;
        _notBeforeMs = _loop.NowMs + _backoff.AfterFailure(_loop.Random);
        if (_connections.Count == 0 || _closed)
        {
            if (!_closed) _suspects.Report(_target, reason);
            TellWaiting(reason);
        }

        ConnectAhead();
    }

    private void TellWaiting(string reason)
    {
        while (_waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            first.Value.OnNoConnection(reason);
        }
    }
}
