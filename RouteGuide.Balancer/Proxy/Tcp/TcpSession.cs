using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Transport.ProxyProtocol;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy.Tcp;

/// <summary>
/// One connection of a client joined to one of a target, octet for octet, on one event loop.
/// <list type="number">
/// <item>A target is picked and entered for the whole connection; nothing is read from the client yet.</item>
/// <item>It is connected to. If that fails, it is the next one's turn, until none is left.</item>
/// <item>It is told whose connection it is, if it wants to know; then octets pass both ways. Who is slow makes the other side wait.</item>
/// <item>Who has said all ends his way alone; the other way goes on. When both have, it is over.</item>
/// <item>Who breaks it off, breaks off the other side too: a reset stays a reset.</item>
/// <item>What became of it is written down, as of a call.</item>
/// </list>
/// </summary>
internal sealed class TcpSession
{
    // For all targets together. Who waits for longer has given up.
    private const int ConnectPatienceMs = 10_000;

    private readonly TcpSessions _sessions;
    private readonly TcpFront _front;
    private readonly TcpGroup _group;
    private readonly TimeSpan _idleTimeout;
    private readonly TcpEnd _client;
    private readonly Action _onOver;
    private readonly List<Target> _tried = [];
    private readonly List<AttemptReport> _attempts = [];
    private readonly ClientOrigin _origin;
    private readonly long _startedAt;
    private readonly long _begunMs;
    private long _connectingAt; // timestamp of the loop
    private long _fromClient; // octets that were reported
    private long _fromTarget;
    private readonly ByteBuffer _early = new(); // what is to be said first when the target is connected
    private TcpEnd? _target;
    private Target? _entered;
    private long _usedMs;
    private bool _over;

    /// <param name="sessions">Those of the loop.</param>
    /// <param name="front">Where the client came to.</param>
    /// <param name="client">Its connection.</param>
    /// <param name="onOver">Called once.</param>
    public TcpSession(TcpSessions sessions, TcpFront front, SocketChannel client, Action onOver)
    {
        var route = front.Route;
        _sessions = sessions;
        _front = front;
        _group = route.Group();
        _idleTimeout = route.Settings.IdleTimeout;
        _client = new TcpEnd(this, client);
        _onOver = onOver;
        _origin = ClientOrigin.Of(client, isTls: false);
        _startedAt = client.Loop.Timestamp;
        _begunMs = _usedMs = client.Loop.NowMs;
    }

    /// <summary>Octets that it holds.</summary>
    public long HeldOctets => _client.HeldOctets + (_target?.HeldOctets ?? 0) + _early.Capacity;

    private EventLoop Loop => _client.Channel.Loop;

    /// <summary>Steps 1 and 2.</summary>
    /// <returns>Who is given what the client has sent.</returns>
    public IChannelHandler Begin()
    {
        _front.Counters.OnBegin();
        _sessions.Add(this);
        _client.Channel.PauseReading();
        _client.Channel.Start(_client);
        ConnectToNext();
        return _client;
    }

    /// <summary>Ends it at once.</summary>
    public void Abort(TcpEnding why)
    {
        if (_over) return;
        _client.Channel.Reset();
        _target?.Channel.Reset();
        End(why);
    }

    /// <summary>About once a second.</summary>
    public void Tick()
    {
        Report();
        if (_idleTimeout > TimeSpan.Zero && Loop.NowMs - _usedMs >= _idleTimeout.TotalMilliseconds) Abort(TcpEnding.Idle);
    }

    /// <summary>Something has passed.</summary>
    public void Touch() => _usedMs = Loop.NowMs;

    /// <summary>Counts octets that are held, or not any more.</summary>
    public void Count(int octets) => _sessions.Memory.Add(octets);

    /// <summary>What came with the PROXY header, before there was a target: no more than one read.</summary>
    public void KeepEarly(ReadOnlySpan<byte> octets)
    {
        Count(-_early.Capacity);
        _early.Append(octets);
        Count(_early.Capacity);
    }

    /// <summary>Step 4: one of the ends has said all.</summary>
    public void OnFinished()
    {
        if (!_client.IsFinished || _target is not { IsFinished: true }) return;
        // The kernel still delivers what it has taken.
        _client.Channel.Abort();
        _target.Channel.Abort();
        End(TcpEnding.Finished);
    }

    /// <summary>Step 5: one of the connections is gone.</summary>
    public void OnBroken(TcpEnd end)
    {
        if (_over) return;
        end.Other?.Channel.Reset();
        End(end == _client ? TcpEnding.ClientReset : TcpEnding.TargetReset);
    }

    private void ConnectToNext()
    {
        var isFull = false;
        _entered = Loop.NowMs - _begunMs < ConnectPatienceMs ? Enter(out isFull) : null;
        if (_entered is null)
        {
            Abort(isFull ? TcpEnding.Full : TcpEnding.NoTarget);
            return;
        }

        _connectingAt = Loop.Timestamp;

        _tried.Add(_entered);
        var shared = _sessions.Shared;
        shared.Connector.Connect(Loop, _entered.Address.Host, _entered.Address.Port, shared.Options.ConnectTimeout, OnConnected);
    }

    private void OnConnected(IChannel? channel, string? reason)
    {
        if (_over)
        {
            channel?.Abort();
            return;
        }

        var target = _entered!;
        if (channel is SocketChannel socket)
        {
            Tell(target, OutcomeKind.Answered);
            Join(socket);
            return;
        }

        _front.Counters.OnConnectFailure();
        // Where HTTP goes too, the pool of connections finds out for itself, and also when the target is back.
        if (_group.Group.Group.Version == ProtocolVersion.Tcp) _group.Group.Suspects.Report(target, $"cannot be reached: {reason}");
        Tell(target, OutcomeKind.NotConnected);
        Leave(target);
        ConnectToNext();
    }

    // Step 3.
    private void Join(SocketChannel socket)
    {
        Connector.WaitForSlowReaders(socket.Socket);
        _target = new TcpEnd(this, socket) { Other = _client };
        _client.Other = _target;
        socket.Start(_target);
        Touch();
        var isTaken = _target.TrySend(Preamble());
        Count(-_early.Capacity);
        _early.Release();
        if (isTaken) _client.Channel.ResumeReading();
    }

    // The header, if one is wanted, and whatever has come already.
    private ReadOnlySpan<byte> Preamble()
    {
        if (!_group.Settings.SendsProxyHeader) return _early.Memory.Span;
        var preamble = new byte[ProxyHeaderWriter.MaxLength + _early.Length];
        var length = ProxyHeaderWriter.Write(preamble, _client.Channel.Remote, _client.Channel.Local);
        _early.Memory.Span.CopyTo(preamble.AsSpan(length));
        return preamble.AsSpan(0, length + _early.Length);
    }

    // A connection counts as one call of those that a target may have; it cannot wait, as nobody could tell its client so.
    private Target? Enter(out bool isFull)
    {
        isFull = false;
        var snapshot = _group.Group.Group.Targets.Current;
        if (snapshot.Routable.IsEmpty) return null;
        var most = _group.Group.Queue.Most;
        var picked = _group.Group.Picker.Pick(snapshot, HashKey.OfAddress(_client.Channel.Remote.Address), out _);
        if (!_tried.Contains(picked) && picked.TryBegin(most)) return picked;
        foreach (var other in snapshot.Routable)
        {
            if (_tried.Contains(other)) continue;
            if (other.TryBegin(most)) return other;
            isFull |= most < int.MaxValue && !other.IsClosed;
        }

        return null;
    }

    // Of groups that carry HTTP too, its calls say more.
    private void Tell(Target target, OutcomeKind kind)
    {
        var (connecting, connected) = (TicksSince(_startedAt, _connectingAt), TicksSince(_connectingAt, Loop.Timestamp));
        _attempts.Add(new AttemptReport(target, new CallOutcome(kind, IsGrpc: false, 0, kind == OutcomeKind.Answered ? connected : -1, connected), connecting, connecting));
        if (_group.Group.Group.Version != ProtocolVersion.Tcp) return;
        var ticks = (Loop.NowMs - _begunMs) * TimeSpan.TicksPerMillisecond;
        var status = kind == OutcomeKind.Answered ? StatusCodes.Status200OK : 0;
        _group.Group.OnOutcome(target, new CallOutcome(kind, IsGrpc: false, status, kind == OutcomeKind.Answered ? ticks : -1, ticks));
    }

    private void Leave(Target target)
    {
        target.End();
        // Somebody may wait for its room, where calls come to the group too.
        _group.Group.Queue.OnRoom();
    }

    private long TicksSince(long from, long to) => _sessions.Shared.Time.GetElapsedTime(from, to).Ticks;

    private void Report()
    {
        var (fromClient, fromTarget) = (_client.Received, _target?.Received ?? 0);
        _front.Counters.OnOctets(fromClient, fromTarget);
        _fromClient += fromClient;
        _fromTarget += fromTarget;
        _client.Received = 0;
        if (_target is not null) _target.Received = 0;
    }

    private static ExchangeEnd EndOf(TcpEnding how) => how switch
    {
        TcpEnding.Finished => ExchangeEnd.Completed,
        TcpEnding.ClientReset => ExchangeEnd.ClientGone,
        TcpEnding.TargetReset => ExchangeEnd.TargetReset,
        TcpEnding.NoTarget => ExchangeEnd.NoTarget,
        TcpEnding.Idle => ExchangeEnd.Idle,
        TcpEnding.Stopped => ExchangeEnd.Shutdown,
        _ => ExchangeEnd.Overloaded,
    };

    private void End(TcpEnding how)
    {
        if (_over) return;
        _over = true;
        Report();
        _front.Counters.OnEnd(how);
        _client.Forget();
        _target?.Forget();
        Count(-_early.Capacity);
        _early.Release();
        if (_entered is not null) Leave(_entered);
        _sessions.Log(new ExchangeReport
        {
            Client = _origin,
            Type = CallType.Tcp,
            Method = "",
            Path = "",
            Group = _group.Group,
            Tries = _attempts,
            End = EndOf(how),
            StartedAt = _startedAt,
            EndedAt = Loop.Timestamp,
            Duration = Loop.ElapsedSince(_startedAt),
            RequestBytes = _fromClient,
            ResponseBytes = _fromTarget,
        });
        _sessions.Remove(this);
        _onOver();
    }
}
