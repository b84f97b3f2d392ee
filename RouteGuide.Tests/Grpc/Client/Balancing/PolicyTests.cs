using System.Buffers.Binary;
using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Client.Balancing;

/// <summary>Which server gets which call.</summary>
public sealed class PolicyTests
{
    [Fact]
    public async Task Round_robin_gives_every_server_the_same_number_of_calls()
    {
        await using var servers = await Servers.Start(3);
        using var channel = servers.Connect(new RoundRobinConfig());
        await Servers.WaitFor(channel, 3);

        Assert.Equal(new Dictionary<int, int> { [0] = 3, [1] = 3, [2] = 3 }, await Servers.Call(channel, 9));
        var seen = channel.GetSubchannels();
        Assert.Equal(Enumerable.Range(0, 3).Select(i => servers.AddressOf(i).ToString()), seen.Select(s => s.Address));
        Assert.All(seen, s => Assert.Equal((ConnectivityState.Ready, 3, 0), (s.State, s.CallsStarted, s.CallsFailed)));
    }

    [Fact]
    public async Task Pick_first_stays_with_the_first_server_that_answers_and_moves_on_when_it_is_gone()
    {
        await using var servers = await Servers.Start(3);
        await servers.Stop(0);
        using var channel = servers.Connect(new PickFirstConfig());

        Assert.Equal(new Dictionary<int, int> { [1] = 5 }, await Servers.Call(channel, 5));
        await servers.Stop(1);
        await Eventually.Until(() => channel.GetSubchannels().Single().State != ConnectivityState.Ready, "the loss is seen", Servers.Patience);
        Assert.Equal(new Dictionary<int, int> { [2] = 5 }, await Servers.Call(channel, 5));
    }

    [Fact]
    public async Task A_server_that_goes_costs_no_call_after_its_connection_is_lost()
    {
        await using var servers = await Servers.Start(3);
        using var channel = servers.Connect(new RoundRobinConfig());
        await Servers.WaitFor(channel, 3);
        await Servers.Call(channel, 6);

        await servers.Stop(1);
        await Eventually.Until(() => channel.GetSubchannels().Count(s => s.State == ConnectivityState.Ready) == 2, "the loss is seen", Servers.Patience);

        var answered = await Servers.Call(channel, 20);
        Assert.DoesNotContain(1, answered.Keys);
        Assert.Equal(20, answered.Values.Sum());
        Assert.Equal(ConnectivityState.Ready, channel.State);
    }

    [Fact]
    public async Task Least_request_leaves_a_server_alone_whose_calls_do_not_end()
    {
        await using var servers = await Servers.Start(2);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var arrived = 0;
        // Its first call does not end; further ones would.
        servers.Before[0] = _ => Interlocked.Increment(ref arrived) == 1 ? release.Task : Task.CompletedTask;
        // So many choices that the busy server is drawn alone once in a thousand times.
        var policy = new LoadBalancingConfig("least_request");
        ((IDictionary<string, object>)policy.Inner["least_request"])["choiceCount"] = 10;
        using var channel = servers.Connect(policy);
        await Servers.WaitFor(channel, 2);

        var held = Servers.CallOnce(channel);
        while (true)
        {
            await Eventually.Until(() => held.IsCompleted || Volatile.Read(ref arrived) == 1, "the call is answered or held", Servers.Patience);
            if (!held.IsCompleted) break;
            held = Servers.CallOnce(channel);
        }

        var answered = await Servers.Call(channel, 50);

        Assert.InRange(answered[1], 45, 50);
        release.SetResult();
        Assert.Equal(0, await held);
    }

    [Fact]
    public async Task Weighted_round_robin_follows_the_load_that_servers_report()
    {
        await using var servers = await Servers.Start(2);
        // Calls per second over utilization: the second server could take three times as many.
        servers.Before[0] = context => Report(context, cpu: 0.9, callsPerSecond: 90);
        servers.Before[1] = context => Report(context, cpu: 0.3, callsPerSecond: 90);
        var time = new ManualTime();
        var policy = new LoadBalancingConfig("weighted_round_robin");
        ((IDictionary<string, object>)policy.Inner["weighted_round_robin"])["blackoutPeriod"] = "0s";
        using var channel = servers.Connect(policy, time);
        await Servers.WaitFor(channel, 2);

        var unknown = await Servers.Call(channel, 20);
        Assert.Equal((10, 10), (unknown[0], unknown[1]));
        time.Advance(TimeSpan.FromSeconds(2));
        var weighted = await Servers.Call(channel, 200);
        Assert.InRange(weighted[0], 47, 53);
        Assert.InRange(weighted[1], 147, 153);

        // Without reports for long enough nothing is known again. (These calls bring new reports, which count from the next update on.)
        time.Advance(TimeSpan.FromMinutes(4));
        var expired = await Servers.Call(channel, 20);
        Assert.Equal((10, 10), (expired[0], expired[1]));
    }

    [Fact]
    public async Task A_policy_of_the_applications_own_picks_and_hears_of_each_call()
    {
        await using var servers = await Servers.Start(3);
        var tracker = new Tracker();
        var services = new ServiceCollection()
            .AddSingleton<ResolverFactory>(new StaticResolverFactory(_ => Enumerable.Range(0, 3).Select(servers.AddressOf)))
            .AddSingleton<LoadBalancerFactory>(new LastFactory(tracker));
        using var channel = Servers.Connect("static:///servers", new ServiceConfig { LoadBalancingConfigs = { new LoadBalancingConfig("last") } }, services);
        await Servers.WaitFor(channel, 3);

        Assert.Equal(new Dictionary<int, int> { [2] = 4 }, await Servers.Call(channel, 4));
        Assert.Equal((4, 4), (tracker.Started, tracker.Completed.Count));
        Assert.All(tracker.Completed, c => Assert.Null(c.Error));
        Assert.All(tracker.Completed, c => Assert.Equal(servers.AddressOf(2).EndPoint, c.Address!.EndPoint));
    }

    [Fact]
    public void A_policy_that_nobody_knows_is_refused_with_the_known_ones()
    {
        var refusal = Assert.Throws<InvalidOperationException>(() => GrpcChannel.ForAddress(
            "http://localhost", new GrpcChannelOptions { ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new LoadBalancingConfig("best") } } }));
        Assert.Contains("'best'", refusal.Message);
        Assert.Contains("least_request", refusal.Message);
    }

    private static Task Report(HttpContext context, double cpu, double callsPerSecond)
    {
        // xds.data.orca.v3.OrcaLoadReport: 1 cpu_utilization, 6 rps_fractional, both double.
        var report = new byte[18];
        report[0] = (1 << 3) | 1;
        BinaryPrimitives.WriteDoubleLittleEndian(report.AsSpan(1), cpu);
        report[9] = (6 << 3) | 1;
        BinaryPrimitives.WriteDoubleLittleEndian(report.AsSpan(10), callsPerSecond);
        context.Response.AppendTrailer("endpoint-load-metrics-bin", Convert.ToBase64String(report));
        return Task.CompletedTask;
    }

    private sealed class Tracker : ISubchannelCallTracker
    {
        private int _started;

        public int Started => _started;

        public ConcurrentQueue<CompletionContext> Completed { get; } = [];

        public void Start() => Interlocked.Increment(ref _started);

        public void Complete(CompletionContext context) => Completed.Enqueue(context);
    }

    private sealed class LastFactory(Tracker tracker) : LoadBalancerFactory
    {
        public override string Name => "last";

        public override LoadBalancer Create(LoadBalancerOptions options) => new Last(options.Controller, options.LoggerFactory, tracker);
    }

    private sealed class Last(IChannelControlHelper controller, ILoggerFactory loggers, Tracker tracker) : SubchannelsLoadBalancer(controller, loggers)
    {
        protected override SubchannelPicker CreatePicker(IReadOnlyList<Subchannel> readySubchannels) => new Picker(readySubchannels[^1], tracker);

        private sealed class Picker(Subchannel subchannel, Tracker tracker) : SubchannelPicker
        {
            public override PickResult Pick(PickContext context) => PickResult.ForSubchannel(subchannel, tracker);
        }
    }
}
