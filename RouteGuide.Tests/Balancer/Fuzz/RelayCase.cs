using Microsoft.Extensions.Logging.Abstractions;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Routing;
using RouteGuide.Http2;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Tests.Balancer.Fuzz;

/// <summary>One case of the relay's fuzz test: some clients, some targets, some hundred steps, and then the end of it all.</summary>
internal sealed class RelayCase : IConnector
{
    private readonly ScriptedLoop _loop;
    private readonly Random _random;
    private readonly int _mistakes; // of a hundred chunks so many have one
    private readonly List<Peer> _clients = [];
    private readonly List<Peer> _targets = [];
    private readonly List<Action<IChannel?, string?>> _connecting = [];
    private readonly List<Target> _known = [];
    private readonly CountingLog _log = new();
    private ProxyOptions _options = null!;
    private ProxyGroup _group = null!;
    private ProxyLoop _proxy = null!;
    private int _stepsLeft;
    private int _openClients;
    private Phase _phase;

    public RelayCase(ScriptedLoop loop, Random random)
    {
        (_loop, _random) = (loop, random);
        // Half of the cases are legal on both sides: what breaks there is timing alone.
        _mistakes = random.Next(2) == 0 ? 0 : random.Next(1, 12);
        _stepsLeft = random.Next(20, 500);
    }

    private enum Phase
    {
        Begin,
        Run,
        Leave,
        Close,
        Check,
    }

    /// <summary>Calls whose response came down to its end.</summary>
    public int Answers => _log.Completed;

    public void Run() => _loop.Run(Step);

    public void Connect(EventLoop loop, string host, int port, TimeSpan timeout, Action<IChannel?, string?> done) => _connecting.Add(done);

    private bool Step()
    {
        switch (_phase)
        {
            case Phase.Begin:
                Begin();
                _phase = Phase.Run;
                return true;
            case Phase.Run:
                Act();
                if (--_stepsLeft == 0) _phase = Phase.Leave;
                return true;
            case Phase.Leave:
                Leave();
                _phase = Phase.Close;
                return true;
            case Phase.Close:
                Close();
                _phase = Phase.Check;
                return true;
            default:
                Check();
                return false;
        }
    }

    private void Begin()
    {
        var group = new TargetGroup(RouteTable.DefaultGroup, ProtocolVersion.Http2, 0);
        for (var i = _random.Next(1, 4); i > 0; i--)
        {
            Assert.True(TargetAddress.TryParse($"http://10.0.0.{i}:5000", out var address, out _));
            var target = new Target($"t{i}", address, leased: true);
            _known.Add(target);
            group.Targets.TryAdd(target);
        }

        var limits = new Http2Limits { MaxConcurrentStreams = 30, OutputHighWater = 5_000, OutputPauseReading = 10_000, OutputHardLimit = 60_000, StreamWindow = _random.Next(2) == 0 ? 262_144 : 20_000 };
        _options = new ProxyOptions { Limits = new ProxyLimits { Http2 = limits }, MaxRequestsPerConnection = _random.Next(4) == 0 ? 5 : 0 };
        var groups = new ProxyGroups(g => _group = new ProxyGroup(g, new RoundRobin(), new SuspectWatch(g.Targets, probes: false, _loop.Time, NullLogger<SuspectWatch>.Instance)));
        var policy = Policy();
        var routes = new ProxyRoutes(new RouteTable([group], [], group), groups, _ => policy);
        if (_random.Next(3) == 0) _group.Queue.Apply(new ConcurrencySettings { MaxPerTarget = _random.Next(1, 4), QueueSize = _random.Next(6), QueueTimeout = TimeSpan.FromMilliseconds(_random.Next(1, 2_000)) });
        _proxy = new ProxyLoop(_loop.Loop, new ProxyShared(routes, _log, _options, _loop.Time) { Connector = this });
        _proxy.Start();
        if (_random.Next(2) == 0) _proxy.Warm();
        for (var i = _random.Next(1, 3); i > 0; i--) NewClient();
    }

    // In half of the cases calls are treated as by default.
    private CallPolicy? Policy()
    {
        if (_random.Next(2) == 0) return null;
        var hedges = _random.Next(2) == 0;
        return CallPolicy.Of(
            new CallSettings
            {
                Deadline = new DeadlineSettings { Max = TimeSpan.FromMilliseconds(_random.Next(3) == 0 ? _random.Next(1, 1_000) : 0) },
                Idle = new IdleSettings { Timeout = TimeSpan.FromMilliseconds(_random.Next(3) == 0 ? _random.Next(1, 200) : 0) },
                Retry = new RetrySettings
                {
                    MaxAttempts = hedges ? 1 : _random.Next(2, 5),
                    Statuses = new StatusSet(0x1fffe),
                    PerTryTimeout = TimeSpan.FromMilliseconds(_random.Next(2) == 0 ? _random.Next(1, 100) : 0),
                    InitialBackoff = TimeSpan.FromMilliseconds(_random.Next(20)),
                },
                Hedging = new HedgingSettings { MaxAttempts = hedges ? _random.Next(2, 5) : 1, Delay = TimeSpan.FromMilliseconds(_random.Next(20)), NonFatalStatuses = new StatusSet(0x1fffe) },
                RateLimit = new RateLimitSettings { RequestsPerSecond = _random.Next(4) == 0 ? 1_000 : 0, Burst = 3 },
            },
            null,
            _loop.Time);
    }

    private void Act()
    {
        _loop.Time.Advance(_random.Next(60) == 0 ? _random.Next(3_000) : _random.Next(5));
        var dice = _random.Next(100);
        if (_connecting.Count > 0 && dice < 30) Connected();
        else if (dice < 60) Speak(_clients);
        else if (dice < 92) Speak(_targets);
        else if (dice < 95) Pick(_clients.Concat(_targets).ToList())?.Toggle();
        else if (dice < 96) Pick(_targets)?.Break();
        else if (dice < 97) Pick(_clients)?.Break();
        else if (dice < 98 && _clients.Count < 4) NewClient();
    }

    private void Speak(List<Peer> peers) => Pick(peers)?.Speak();

    private Peer? Pick(List<Peer> peers) => peers.Count == 0 ? null : peers[_random.Next(peers.Count)];

    private void NewClient()
    {
        var channel = new ScriptedChannel(_loop.Loop, Http2Role.Server, MostAtOnce);
        _openClients++;
        var client = new ClientConnection(_proxy, channel, isTls: _random.Next(2) == 0, () => _openClients--);
        client.Start();
        _clients.Add(new Peer(channel, Http2Role.Server, _random, _mistakes));
    }

    private void Connected()
    {
        var done = _connecting[0];
        _connecting.RemoveAt(0);
        if (_random.Next(10) == 0)
        {
            done(null, "nobody is there");
            return;
        }

        var channel = new ScriptedChannel(_loop.Loop, Http2Role.Client, MostAtOnce);
        _targets.Add(new Peer(channel, Http2Role.Client, _random, _mistakes));
        done(channel, null);
    }

    // One way or another, all clients go.
    private void Leave()
    {
        foreach (var peer in _clients.Concat(_targets)) peer.Channel.FinishSending();
        if (_random.Next(3) == 0)
        {
            _ = _proxy.Drain();
            _proxy.EndCalls();
        }

        foreach (var client in _clients) client.Channel.End("the client is gone");
    }

    private void Close()
    {
        Assert.Equal(0, _openClients);
        Assert.All(_known, target => Assert.Equal(0, target.InFlight));
        Assert.Equal(0, _group.Queue.Count);
        _proxy.Close();
        foreach (var done in _connecting) done(null, "too late");
        foreach (var target in _targets) target.Channel.End(null);
    }

    private void Check()
    {
        Assert.Equal(0, _loop.Loop.Timers.Count);
        Assert.All(_clients.Concat(_targets), peer => peer.Channel.Judge.OnEnd());
        _proxy.Loop.TurnEnding = null;
    }

    // The limit, and what one more turn of all streams may add to it.
    private int MostAtOnce => _options.Limits.Http2.OutputHardLimit + 100_000;

    private sealed class CountingLog : IExchangeLog
    {
        public int Completed { get; private set; }

        public bool IsEnabled => true;

        public void Write(int slot, in ExchangeReport report)
        {
            if (report.End == ExchangeEnd.Completed) Completed++;
            // What a log would read must be there.
            Assert.NotEmpty(report.Method);
            Assert.NotEmpty(report.Path);
        }
    }
}
