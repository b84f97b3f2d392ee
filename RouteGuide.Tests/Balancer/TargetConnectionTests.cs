using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Routing;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer;

/// <summary>Connections to targets: made before they are needed, replaced when they end, given up when nobody answers.</summary>
public sealed class TargetConnectionTests
{
    [Fact]
    public async Task A_configured_target_is_connected_before_the_first_call()
    {
        await using var target = RawTarget.Start((_, stream) => RawTarget.Answer(stream));

        await using var balancer = await BalancerUnderTest.Start(target.Url);

        await Eventually.Until(() => target.Connections.Count > 0, "a connection without a call");
    }

    [Fact]
    public async Task A_target_that_is_added_later_is_connected_at_once()
    {
        await using var target = RawTarget.Start((_, stream) => RawTarget.Answer(stream));
        await using var balancer = await BalancerUnderTest.Start();

        Assert.True(balancer.Targets.TryAdd(NewTarget(target.Url)));

        await Eventually.Until(() => target.Connections.Count > 0, "a connection without a call");
    }

    [Fact]
    public async Task Each_loop_that_has_a_client_has_a_connection_of_its_own()
    {
        await using var target = RawTarget.Start((_, stream) => RawTarget.Answer(stream));
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "Balancer:Loops=2");
        await Eventually.Until(() => target.Connections.Count == 1, "the connection of the first loop");

        await using var first = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);
        await using var second = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);

        await Eventually.Until(() => target.Connections.Count == 2, "the connection of the second loop");
    }

    [Fact]
    public async Task A_connection_that_is_lost_is_replaced_without_a_call()
    {
        await using var target = RawTarget.Start((_, stream) => RawTarget.Answer(stream));
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "Balancer:Loops=1");
        await Eventually.Until(() => target.Connections.Count == 1, "the first connection");

        await target.Connections.Single().DisposeAsync();

        await Eventually.Until(() => target.Connections.Count(c => !c.IsClosed) == 1 && target.Connections.Count == 2, "another connection");
        Assert.False(balancer.Targets.Current.Entries[0].Suspect);
    }

    [Fact]
    public async Task A_connection_that_says_GOAWAY_is_replaced_without_a_call_and_finishes_those_that_run()
    {
        RawHttp2Stream? running = null;
        await using var target = RawTarget.Start((_, stream) =>
        {
            running ??= stream;
            return running == stream ? Task.CompletedTask : RawTarget.Answer(stream);
        });
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "Balancer:Loops=1");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await Eventually.Until(() => running is not null, "the call has arrived");
        var leaving = target.Connections.Single();

        await leaving.SendAsync(RawHttp2FrameType.GoAway, 0, 0, new byte[] { 0, 0, 0, 1, 0, 0, 0, 0 });

        await Eventually.Until(() => target.Connections.Count == 2, "another connection");
        await RawTarget.Answer(running!);
        await call.Ended();
        var next = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await next.Ended();
        Assert.Equal(("0", "0"), (call.GrpcStatus, next.GrpcStatus));
        Assert.Equal(2, target.Connections.Count);
        await Eventually.Until(() => leaving.IsClosed, "the old connection ends with its last call");
    }

    [Fact]
    public async Task A_target_that_is_not_there_yet_is_found_when_it_comes_without_a_call()
    {
        var port = UnusedPort();
        await using var balancer = await BalancerUnderTest.StartWith([new Uri($"http://127.0.0.1:{port}")], "Balancer:Loops=1");
        await Eventually.Until(() => balancer.Targets.Current.Entries[0].Suspect, "it is found to be missing");

        await using var target = RawTarget.Start((_, stream) => RawTarget.Answer(stream), port: port);

        await Eventually.Until(() => !balancer.Targets.Current.Entries[0].Suspect, "it is found to be there");
        Assert.Single(target.Connections);
    }

    [Fact]
    public async Task What_accepts_connections_and_speaks_no_HTTP2_stays_avoided()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepted = 0;
        _ = Task.Run(async () =>
        {
            while (true)
            {
                using var socket = await listener.AcceptSocketAsync();
                await socket.SendAsync("SSH-2.0-OpenSSH\r\n"u8.ToArray());
                Interlocked.Increment(ref accepted);
            }
        });
        await using var balancer = await BalancerUnderTest.StartWith([new Uri($"http://{listener.LocalEndpoint}")], "Balancer:Loops=1");
        await Eventually.Until(() => Volatile.Read(ref accepted) >= 3, "it is tried again");

        Assert.True(balancer.Targets.Current.Entries[0].Suspect);
    }

    [Fact]
    public async Task Another_connection_is_made_only_when_the_targets_stream_limit_is_reached()
    {
        const int MaxConcurrentStreams = 3;
        var running = new List<RawHttp2Stream>();
        await using var target = RawTarget.Start(
            (_, stream) =>
            {
                lock (running) running.Add(stream);
                return Task.CompletedTask;
            },
            new Dictionary<int, uint> { [MaxConcurrentStreams] = 2 });
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "Balancer:Loops=1");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var calls = new List<RawHttp2Stream>();
        for (var i = 1; i <= 5; i++)
        {
            calls.Add(await client.OpenAsync(Wire.Request(balancer.Tls), end: true));
            await Eventually.Until(() => { lock (running) return running.Count == i; }, $"call {i} has arrived");
            Assert.Equal((i + 1) / 2, target.Connections.Count);
        }

        foreach (var stream in running) await RawTarget.Answer(stream);
        foreach (var call in calls)
        {
            await call.Ended();
            Assert.Equal("0", call.GrpcStatus);
        }
    }

    [Fact]
    public async Task A_target_that_hangs_is_found_out_by_a_PING_and_its_calls_hear_why()
    {
        // It takes calls and never says anything again, as a frozen process does: the kernel goes on acknowledging. All that it has said
        // before was heard when its own PING is answered: what is heard later would be a sign of life.
        var frozen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var target = RawTarget.Start(async (connection, _) =>
        {
            await connection.SendAsync(RawHttp2FrameType.Ping, 0, 0, new byte[8]);
            await connection.WaitForAsync(f => f.Type == RawHttp2FrameType.Ping && (f.Flags & RawHttp2Flags.Ack) != 0, "the answer to its PING");
            connection.Acknowledges = false;
            frozen.SetResult();
        });
        await using var engine = new TimedEngine(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(engine.Url);
        var call = await client.OpenAsync(Wire.Request(engine.Url), end: true);
        await frozen.Task.WaitAsync(Eventually.Patience);

        await engine.PassUntil(client, () => target.Connections.Single().Frames.Any(f => f.Type == RawHttp2FrameType.Ping && (f.Flags & RawHttp2Flags.Ack) == 0), "a PING");
        await engine.PassUntil(client, () => call.HasEnded || call.IsReset, "the end of the call");

        Assert.Equal("14", call.GrpcStatus);
        Assert.Contains("PING", call.GrpcMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_that_is_alive_and_silent_keeps_its_call_and_gets_PINGs_as_seldom_as_gRPC_servers_want()
    {
        RawHttp2Stream? silent = null;
        await using var target = RawTarget.Start((_, stream) =>
        {
            silent = stream;
            return Task.CompletedTask;
        });
        await using var engine = new TimedEngine(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(engine.Url);
        var call = await client.OpenAsync(Wire.Request(engine.Url), end: true);
        await Eventually.Until(() => silent is not null, "the call has arrived");

        var connection = target.Connections.Single();
        await engine.PassUntil(client, () => connection.Frames.Any(IsPing), "a PING");
        // All that it has sent, the answer included, has been heard when its own PING is answered.
        await connection.SendAsync(RawHttp2FrameType.Ping, 0, 0, new byte[8]);
        await connection.WaitForAsync(f => f.Type == RawHttp2FrameType.Ping && (f.Flags & RawHttp2Flags.Ack) != 0, "the answer to its PING");
        for (var seconds = 0; seconds < 240; seconds++) await engine.Pass(1_000, client);

        await RawTarget.Answer(silent!);
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
        Assert.Single(target.Connections.Single().Frames, IsPing);

        static bool IsPing(RawHttp2Frame frame) => frame.Type == RawHttp2FrameType.Ping && (frame.Flags & RawHttp2Flags.Ack) == 0;
    }

    private static Target NewTarget(Uri url)
    {
        Assert.True(TargetAddress.TryParse($"http://{url.Authority}", out var address, out var error), error);
        return new Target("added", address, leased: false);
    }

    private static int UnusedPort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>The data path alone, whose time passes when the test says so.</summary>
    private sealed class TimedEngine : IAsyncDisposable
    {
        private readonly ProxyEngine _engine;
        private readonly ManualTime _time = new();
        private byte _pings;

        public TimedEngine(Uri target)
        {
            var group = new TargetGroup(RouteTable.DefaultGroup, ProtocolVersion.Http2, 0);
            group.Targets.TryAdd(NewTarget(target));
            var routes = new ProxyRoutes(
                new RouteTable([group], [], group),
                g => new ProxyGroup(g, new RoundRobin(), new SuspectWatch(g.Targets, probes: false, _time, NullLogger<SuspectWatch>.Instance)));
            _engine = new ProxyEngine(new ProxyShared(routes, new NoLog(), new ProxyOptions { Loops = 1 }, _time), NullLoggerFactory.Instance);
            Url = new Uri($"http://{_engine.Listen(new FrontListener(new IPEndPoint(IPAddress.Loopback, 0), null)).Address}");
            _engine.Start();
        }

        public Uri Url { get; }

        /// <summary>Lets time pass; the engine has looked at its timers when this returns.</summary>
        public async Task Pass(int milliseconds, RawHttp2Connection client)
        {
            _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            // A turn begins with what was received, goes on to the timers, and ends with the answers.
            var ping = new byte[8];
            ping[0] = ++_pings;
            await client.SendAsync(RawHttp2FrameType.Ping, 0, 0, ping);
            await client.WaitForAsync(f => f.Type == RawHttp2FrameType.Ping && (f.Flags & RawHttp2Flags.Ack) != 0 && f.Payload.SequenceEqual(ping), "the end of a turn");
        }

        /// <summary>Lets time pass second by second, as the engine looks once a second and may do so between two ticks of the clock.</summary>
        public Task PassUntil(RawHttp2Connection client, Func<bool> condition, string what) => Eventually.Until(
            async () =>
            {
                if (condition()) return true;
                await Pass(1_000, client);
                return condition();
            },
            what);

        public ValueTask DisposeAsync() => _engine.DisposeAsync();
    }

    private sealed class NoLog : IExchangeLog
    {
        public bool IsEnabled => false;

        public void Write(int slot, in ExchangeReport report)
        {
            // Nobody reads it.
        }
    }
}
