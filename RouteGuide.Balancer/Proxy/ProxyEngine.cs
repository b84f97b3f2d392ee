using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using RouteGuide.Balancer.Proxy.Http1;
using RouteGuide.Balancer.Proxy.Tcp;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Transport;
using RouteGuide.Balancer.Transport.OpenSsl;
using RouteGuide.Balancer.Transport.Tls;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>An address that clients come to.</summary>
/// <param name="Address">Port 0 is any free one.</param>
/// <param name="Tls">Null for plaintext.</param>
internal sealed record FrontListener(IPEndPoint Address, TlsFront? Tls)
{
    /// <summary>What its connections have in common; null for the listener of all that have none of their own.</summary>
    public ProxyListener? Listener { get; init; }

    /// <summary>Where its connections go, whole; null if they carry HTTP.</summary>
    public TcpFront? Tcp { get; init; }

    /// <summary>Whether a proxy stands before it.</summary>
    public ProxyProtocolSettings ProxyProtocol { get; init; } = new();
}

/// <summary>The data path, put together: loops, listeners, and the way from an accepted connection to its protocol.</summary>
internal sealed class ProxyEngine : IAsyncDisposable
{
    private readonly ProxyShared _shared;
    private readonly ILogger<ProxyEngine> _logger;
    private readonly LoopGroup _loops;
    private readonly Dictionary<EventLoop, ProxyLoop> _proxies;
    private readonly List<(SocketListener Socket, FrontListener Front)> _listeners = [];
    private readonly Dictionary<ProxyGroup, Action<Target>> _followed = [];
    private readonly ConnectionGate _gate;
    private readonly HttpRelay _relay;
    private readonly Http1Front _http1;
    private bool _started;

    public ProxyEngine(ProxyShared shared, ILoggerFactory loggers)
    {
        _shared = shared;
        _logger = loggers.CreateLogger<ProxyEngine>();
        shared.Options.Limits.Validate();
        _gate = new ConnectionGate(shared.Options.Limits, shared.Meters, _logger);
        _relay = new HttpRelay(shared);
        _http1 = new Http1Front(new Http1Application(_relay), shared.Options.Limits, loggers);
        _loops = new LoopGroup("balancer loop", shared.Options.Loops, shared.Options.PortableTransport, shared.Time, OnError);
        _proxies = _loops.Loops.ToDictionary(l => l, l => new ProxyLoop(l, shared, _relay));
    }

    /// <summary>Client connections that are open.</summary>
    public int Clients => _gate.Count;

    /// <summary>Those at work, each once.</summary>
    public IReadOnlyList<ProxyListener> Listeners => [.. Snapshot().Where(l => l.Front.Tcp is null).Select(l => ListenerOf(l.Front)).Distinct()];

    /// <summary>What those in TCP mode have counted, by their names.</summary>
    public IReadOnlyList<(string Listener, TcpCounters Counters)> TcpListeners =>
        [.. from l in Snapshot() where l.Front.Tcp is not null group l by ListenerOf(l.Front).Name into same select (same.Key, same.First().Front.Tcp!.Counters)];

    /// <summary>The target groups at work.</summary>
    public ReadOnlySpan<ProxyGroup> Groups => _shared.Groups.Current;

    /// <summary>For those that measure on the loops' own threads.</summary>
    public IReadOnlyList<EventLoop> Loops => _loops.Loops;

    /// <summary>Takes an address; nothing is accepted before <see cref="Start"/>.</summary>
    /// <returns>With the port that was chosen.</returns>
    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public FrontListener Listen(FrontListener front)
    {
        var socket = new SocketListener(front.Address, _shared.Time);
        front = front with { Address = socket.Address };
        lock (_listeners) _listeners.Add((socket, front));
        if (_started) Accept(socket, front);
        return front;
    }

    /// <summary>Treats connections of an address otherwise, from the next one on.</summary>
    /// <param name="front">As it is.</param>
    /// <param name="now">As it is to be, at the same address.</param>
    /// <returns>What is listened on from now on.</returns>
    public FrontListener Change(FrontListener front, FrontListener now)
    {
        lock (_listeners)
        {
            var index = _listeners.FindIndex(l => l.Front == front);
            if (index < 0) return front;
            var socket = _listeners[index].Socket;
            _listeners[index] = (socket, now);
            var (gate, onAccepted) = Takers(now);
            socket.Use(gate, onAccepted);
            return now;
        }
    }

    /// <summary>Leaves an address: no new connections from there; those that are open are asked to go, and their calls finish.</summary>
    public void Unlisten(FrontListener front)
    {
        SocketListener? socket;
        lock (_listeners)
        {
            var index = _listeners.FindIndex(l => l.Front == front);
            socket = index < 0 ? null : _listeners[index].Socket;
            if (index >= 0) _listeners.RemoveAt(index);
        }

        if (socket is null) return;
        // At once, as the next one may want the same address.
        socket.Close();
        _ = Close(socket);
        foreach (var (loop, proxy) in _proxies) loop.Post(() => proxy.Drain(ListenerOf(front)));
    }

    public async Task Start()
    {
        _started = true;
        await _http1.Start();
        foreach (var (loop, proxy) in _proxies) loop.Post(proxy.Start);
        _shared.Groups.Added += Follow;
        _shared.Groups.Removed += Leave;
        foreach (var group in _shared.Groups.Current) Follow(group);
        // The first client comes here; the others warm theirs when they are accepted.
        if (_listeners.Exists(l => l.Front.Tcp is null)) _loops.Loops[0].Post(_proxies[_loops.Loops[0]].Warm);
        _loops.Start();
        lock (_listeners)
        {
            foreach (var (socket, front) in _listeners) Accept(socket, front);
        }
    }

    /// <summary>Ends in order: no new connections, calls that run have their time, then they get a clear answer.</summary>
    /// <param name="patience">For calls that run.</param>
    public async Task Stop(TimeSpan patience)
    {
        (SocketListener Socket, FrontListener Front)[] listeners;
        lock (_listeners)
        {
            listeners = [.. _listeners];
            _listeners.Clear();
        }

        foreach (var (socket, _) in listeners) await socket.DisposeAsync();
        if (!_started) return;
        _started = false;
        _shared.Groups.Added -= Follow;
        _shared.Groups.Removed -= Leave;
        foreach (var group in _shared.Groups.Current) Leave(group);
        var http1 = _http1.Stop(patience);
        var empty = OnAll(p => p.Drain());
        if (!await Within(empty, patience))
        {
            _relay.IsStopping = true;
            await OnAll(p =>
            {
                p.EndCalls();
                return Task.CompletedTask;
            });
            await Within(empty, TimeSpan.FromSeconds(1));
        }

        await http1;
        await OnAll(p =>
        {
            p.Close();
            return Task.CompletedTask;
        });
        await _loops.Stop();
    }

    public async ValueTask DisposeAsync()
    {
        await Stop(TimeSpan.Zero);
        await _http1.DisposeAsync();
        _relay.Dispose();
    }

    private (SocketListener Socket, FrontListener Front)[] Snapshot()
    {
        lock (_listeners) return [.. _listeners];
    }

    private void Accept(SocketListener socket, FrontListener front)
    {
        var (gate, onAccepted) = Takers(front);
        socket.Start(_loops, gate, onAccepted, OnError);
    }

    // Behind a proxy nobody is known by the address that he comes from; he is looked at once his own is.
    private (IConnectionGate Gate, Action<SocketChannel> OnAccepted) Takers(FrontListener front) => front.ProxyProtocol.Receive
        ? (new ProxiedGate(_gate, front), channel => OnProxied(channel, front))
        : (new ListenerGate(ListenerOf(front), _gate), channel => OnAccepted(channel, front));

    private async Task Close(SocketListener socket)
    {
        try
        {
            await socket.DisposeAsync();
        }
        catch (Exception e)
        {
            OnError(e);
        }
    }

    private async Task<bool> Within(Task task, TimeSpan patience)
    {
        try
        {
            await task.WaitAsync(patience, _shared.Time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    // On each loop's own thread.
    private Task OnAll(Func<ProxyLoop, Task> action) => Task.WhenAll(_proxies.Select(pair =>
    {
        var done = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Key.Post(() => done.SetResult(action(pair.Value)));
        return done.Task.Unwrap();
    }));

    private void OnAccepted(SocketChannel channel, FrontListener front)
    {
        var from = channel.Remote.Address;
        Open(channel, front, () => _gate.Leave(from));
    }

    // Whose it is comes first; only then is it known whether he is welcome.
    private void OnProxied(SocketChannel channel, FrontListener front)
    {
        _ = new ProxyProtocolFront(channel, front.ProxyProtocol.Timeout, OnKnown, OnRefused);

        IChannelHandler? OnKnown()
        {
            var from = channel.Remote.Address;
            if (ListenerOf(front).Admits(from) && _gate.TryEnterAddress(from)) return Open(channel, front, () => _gate.Leave(from));
            channel.Abort();
            _gate.Leave();
            return null;
        }

        void OnRefused(string reason)
        {
            _logger.LogDebug("No connection with {Client}: {Reason}", channel.Remote, reason);
            _gate.Leave();
        }
    }

    // Who is told what comes; nobody if the connection has been ended.
    private IChannelHandler? Open(SocketChannel channel, FrontListener front, Action onOver)
    {
        var proxy = _proxies[channel.Loop];
        if (proxy.IsDraining)
        {
            onOver();
            channel.Abort();
            return null;
        }

        if (front.Tcp is { } tcp) return new TcpSession(proxy.Tcp, tcp, channel, onOver).Begin();

        proxy.Warm();
        var limits = _shared.Options.Limits;
        if (front.Tls is not { } tls) return new PrefaceSniffer(channel, limits.Http2.PrefaceTimeoutMs, isHttp2 => Begin(channel, ListenerOf(front), isTls: false, isHttp2, onOver), onOver);
        if (!_shared.Options.PortableTransport && tls.OpenSsl is { } openSsl) return OpenSslChannel.Secure(channel, openSsl, limits.HandshakeTimeoutMs, OnSecured, OnNotSecured);
        return TlsChannel.Secure(channel, tls.Begin(), limits.HandshakeTimeoutMs, OnSecured, OnNotSecured);

        void OnSecured(SecureChannel secured)
        {
            if (_shared.Log.IsEnabled && secured.Describe() is var facts) secured.Facts = facts with { Certificate = tls.NameOf(facts.ServerName) };
            Begin(secured, ListenerOf(front), isTls: true, secured.Protocol == SslApplicationProtocol.Http2, onOver);
        }

        // Anybody may fail at it as often as he likes, so it is told only to those who ask.
        void OnNotSecured(string reason)
        {
            _shared.Meters.OnClientTlsError();
            _logger.LogDebug("No connection with {Client}: {Reason}", channel.Remote, reason);
            onOver();
        }
    }

    private IChannelHandler Begin(IChannel channel, ProxyListener listener, bool isTls, bool isHttp2, Action onOver)
    {
        if (isHttp2)
        {
            var client = new ClientConnection(_proxies[channel.Loop], channel, isTls, onOver, listener);
            client.Start();
            return client;
        }

        return _http1.Begin(channel, listener, isTls, _proxies[channel.Loop].Meter, onOver);
    }

    private ProxyListener ListenerOf(FrontListener front) => front.Listener ?? _shared.Listener;

    private void Follow(ProxyGroup group)
    {
        Action<Target> onAdded = target =>
        {
            foreach (var (loop, proxy) in _proxies) loop.Post(() => proxy.OnTargetAdded(group, target));
        };
        lock (_followed)
        {
            if (!_followed.TryAdd(group, onAdded)) return;
        }

        group.Group.Targets.Added += onAdded;
        // Those that came with it.
        foreach (var entry in group.Group.Targets.Current.Entries) onAdded(entry.Target);
    }

    private void Leave(ProxyGroup group)
    {
        lock (_followed)
        {
            if (_followed.Remove(group, out var onAdded)) group.Group.Targets.Added -= onAdded;
        }
    }

    private void OnError(Exception e) => _logger.LogError(e, "An error on an event loop");
}
