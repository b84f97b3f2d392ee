using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Routing;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Calls;

/// <summary>The data path with settings for its calls, in a time that passes when the test says so.</summary>
internal sealed class CallEngine : IAsyncDisposable, IExchangeLog, IOutcomeWatch
{
    private readonly ProxyShared _shared;
    private readonly ProxyEngine _engine;
    private byte _pings;

    public CallEngine(CallSettings calls, ConcurrencySettings? concurrency, ProtocolVersion version, int loops, IEnumerable<Uri> targets)
    {
        Assert.Empty(calls.Check());
        var group = new TargetGroup(RouteTable.DefaultGroup, version, 0);
        foreach (var url in targets)
        {
            Assert.True(TargetAddress.TryParse($"http://{url.Authority}", out var address, out _));
            var target = new Target(address.Authority, address, leased: false);
            group.Targets.TryAdd(target);
            Targets.Add(target);
        }

        var groups = new ProxyGroups(g => Group = new ProxyGroup(g, new RoundRobin(), new SuspectWatch(g.Targets, probes: false, Time, NullLogger<SuspectWatch>.Instance), this));
        var policy = CallPolicy.Of(calls, null, Time);
        var routes = new ProxyRoutes(new RouteTable([group], [], group), groups, _ => policy);
        if (concurrency is not null) Group.Queue.Apply(concurrency);
        _shared = new ProxyShared(routes, this, new ProxyOptions { Loops = loops }, Time);
        _engine = new ProxyEngine(_shared, NullLoggerFactory.Instance);
        Url = new Uri($"http://{_engine.Listen(new FrontListener(new IPEndPoint(IPAddress.Loopback, 0), null)).Address}");
    }

    public ManualTime Time { get; } = new();

    public ProxyGroup Group { get; private set; } = null!;

    public List<Target> Targets { get; } = [];

    public Uri Url { get; }

    /// <summary>What targets' watches were told, in order.</summary>
    public ConcurrentQueue<(Target Target, CallOutcome Outcome)> Outcomes { get; } = new();

    /// <summary>What became of calls: how each ended, and where each attempt went.</summary>
    public ConcurrentQueue<(ExchangeEnd End, AttemptReport[] Tries)> Reports { get; } = new();

    /// <summary>Responses say which target they are from.</summary>
    public bool NamesTargets
    {
        set => _shared.Listener.NamesTargets = value;
    }

    public bool IsEnabled => true;

    public static Task<CallEngine> Start(CallSettings calls, params IEnumerable<Uri> targets) => StartWith(calls, null, targets);

    public static async Task<CallEngine> StartWith(CallSettings calls, ConcurrencySettings? concurrency, IEnumerable<Uri> targets, ProtocolVersion version = ProtocolVersion.Http2, int loops = 1)
    {
        var engine = new CallEngine(calls, concurrency, version, loops, targets);
        await engine._engine.Start();
        return engine;
    }

    public Task<RawHttp2Connection> Connect() => RawHttp2Connection.ConnectAsync(Url);

    /// <summary>A gRPC request with one message, which is all of it.</summary>
    public async Task<RawHttp2Stream> Call(RawHttp2Connection client, params (string Name, string Value)[] fields)
    {
        var call = await client.OpenAsync(Wire.Request(Url, fields: fields));
        await call.SendMessageAsync([1, 2, 3], end: true);
        return call;
    }

    /// <summary>Lets time pass; the engine has looked at its timers when this returns.</summary>
    public async Task Pass(int milliseconds, RawHttp2Connection client)
    {
        Time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        // A turn begins with what was received, goes on to the timers, and ends with the answers.
        var ping = new byte[8];
        ping[0] = ++_pings;
        await client.SendAsync(RawHttp2FrameType.Ping, 0, 0, ping);
        await client.WaitForAsync(f => f.Type == RawHttp2FrameType.Ping && (f.Flags & RawHttp2Flags.Ack) != 0 && f.Payload.SequenceEqual(ping), "the end of a turn");
    }

    /// <summary>Lets time pass until something holds; as little as a timer takes at each step.</summary>
    public Task PassUntil(RawHttp2Connection client, Func<bool> condition, string what) => Eventually.Until(
        async () =>
        {
            if (condition()) return true;
            await Pass(16, client);
            return condition();
        },
        what);

    /// <summary>Waits until no call runs at any target, and everything about the calls has been written down.</summary>
    public Task IsQuiet(int calls) => Eventually.Until(() => Reports.Count == calls && Targets.TrueForAll(t => t.InFlight == 0) && Group.Queue.Count == 0, $"the end of {calls} calls, with none in flight: {Reports.Count}, {string.Join('+', Targets.Select(t => t.InFlight))}");

    public Task Stop(TimeSpan patience) => _engine.Stop(patience);

    public void Write(int slot, in ExchangeReport report) => Reports.Enqueue((report.End, [.. report.Tries]));

    public void OnOutcome(Target target, in CallOutcome outcome) => Outcomes.Enqueue((target, outcome));

    public ValueTask DisposeAsync() => _engine.DisposeAsync();
}
