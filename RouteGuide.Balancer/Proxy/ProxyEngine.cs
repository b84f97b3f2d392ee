using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using RouteGuide.Balancer.Proxy.Http1;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Transport;
using RouteGuide.Balancer.Transport.OpenSsl;
using RouteGuide.Balancer.Transport.Tls;

namespace RouteGuide.Balancer.Proxy;

/// <summary>An address that clients come to.</summary>
/// <param name="Address">Port 0 is any free one.</param>
/// <param name="Tls">Null for plaintext.</param>
internal sealed record FrontListener(IPEndPoint Address, TlsFront? Tls);

/// <summary>The data path, put together: loops, listeners, and the way from an accepted connection to its protocol.</summary>
internal sealed class ProxyEngine : IAsyncDisposable
{
    private readonly ProxyShared _shared;
    private readonly ILogger<ProxyEngine> _logger;
    private readonly LoopGroup _loops;
    private readonly Dictionary<EventLoop, ProxyLoop> _proxies;
    private readonly List<(SocketListener Socket, TlsFront? Tls)> _listeners = [];
    private readonly List<(ProxyGroup Group, Action<Target> OnAdded)> _followed = [];
    private readonly ConnectionGate _gate;
    private readonly HttpRelay _relay;
    private readonly Http1Front _http1;
    private bool _started;

    public ProxyEngine(ProxyShared shared, ILoggerFactory loggers)
    {
        _shared = shared;
        _logger = loggers.CreateLogger<ProxyEngine>();
        shared.Options.Limits.Validate();
        _gate = new ConnectionGate(shared.Options.Limits, _logger);
        _relay = new HttpRelay(shared);
        _http1 = new Http1Front(new Http1Application(_relay), shared.Options.Limits, loggers);
        _loops = new LoopGroup(shared.Options.Loops, shared.Options.PortableTransport, shared.Time, OnError);
        _proxies = _loops.Loops.ToDictionary(l => l, l => new ProxyLoop(l, shared, _relay));
    }

    /// <summary>Client connections that are open.</summary>
    public int Clients => _gate.Count;

    /// <summary>For those that measure on the loops' own threads.</summary>
    public IReadOnlyList<EventLoop> Loops => _loops.Loops;

    /// <summary>Takes an address; nothing is accepted before <see cref="Start"/>.</summary>
    /// <returns>With the port that was chosen.</returns>
    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public IPEndPoint Listen(FrontListener front)
    {
        var socket = new SocketListener(front.Address, _shared.Time);
        _listeners.Add((socket, front.Tls));
        return socket.Address;
    }

    public async Task Start()
    {
        _started = true;
        await _http1.Start();
        foreach (var (loop, proxy) in _proxies) loop.Post(proxy.Start);
        foreach (var group in _shared.Routes.Groups) Follow(group);
        // The first client comes here; the others warm theirs when they are accepted.
        _loops.Loops[0].Post(_proxies[_loops.Loops[0]].Warm);
        _loops.Start();
        foreach (var (socket, tls) in _listeners) socket.Start(_loops, _gate, channel => OnAccepted(channel, tls), OnError);
    }

    /// <summary>Ends in order: no new connections, calls that run have their time, then they get a clear answer.</summary>
    /// <param name="patience">For calls that run.</param>
    public async Task Stop(TimeSpan patience)
    {
        foreach (var (socket, _) in _listeners) await socket.DisposeAsync();
        _listeners.Clear();
        if (!_started) return;
        _started = false;
        foreach (var (group, onAdded) in _followed) group.Group.Targets.Added -= onAdded;
        _followed.Clear();
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

    private void OnAccepted(SocketChannel channel, TlsFront? tls)
    {
        var from = channel.Remote.Address;
        void OnOver() => _gate.Leave(from);

        if (_proxies[channel.Loop].IsDraining)
        {
            OnOver();
            channel.Abort();
            return;
        }

        _proxies[channel.Loop].Warm();
        var limits = _shared.Options.Limits;
        if (tls is null)
        {
            _ = new PrefaceSniffer(channel, limits.Http2.PrefaceTimeoutMs, isHttp2 => Begin(channel, isTls: false, isHttp2, OnOver), OnOver);
            return;
        }

        if (!_shared.Options.PortableTransport && tls.OpenSsl is { } openSsl) OpenSslChannel.Secure(channel, openSsl, limits.HandshakeTimeoutMs, OnSecured, OnNotSecured);
        else TlsChannel.Secure(channel, tls.Begin(), limits.HandshakeTimeoutMs, OnSecured, OnNotSecured);

        void OnSecured(SecureChannel secured) => Begin(secured, isTls: true, secured.Protocol == SslApplicationProtocol.Http2, OnOver);

        // Anybody may fail at it as often as he likes, so it is told only to those who ask.
        void OnNotSecured(string reason)
        {
            _logger.LogDebug("No connection with {Client}: {Reason}", channel.Remote, reason);
            OnOver();
        }
    }

    private IChannelHandler Begin(IChannel channel, bool isTls, bool isHttp2, Action onOver)
    {
        if (isHttp2)
        {
            var client = new ClientConnection(_proxies[channel.Loop], channel, isTls, onOver);
            client.Start();
            return client;
        }

        return _http1.Begin(channel, isTls, onOver);
    }

    private void Follow(ProxyGroup group)
    {
        Action<Target> onAdded = target =>
        {
            foreach (var (loop, proxy) in _proxies) loop.Post(() => proxy.OnTargetAdded(group, target));
        };
        group.Group.Targets.Added += onAdded;
        _followed.Add((group, onAdded));
    }

    private void OnError(Exception e) => _logger.LogError(e, "An error on an event loop");
}
