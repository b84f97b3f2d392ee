using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Client.Balancing;

/// <summary>Where a channel finds its servers.</summary>
public sealed class ResolverTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dns_finds_the_addresses_of_a_host_and_calls_still_ask_for_the_host(bool withTls)
    {
        var hosts = new System.Collections.Concurrent.ConcurrentQueue<string>();
        using var certificate = TestCertificate.Create();
        await using var server = await PlainServer.Start(
            async context =>
            {
                hosts.Enqueue(context.Request.Host.Value!);
                await Wire.ReadMessages(context);
                await Wire.Reply(context, [[5]]);
            },
            listen =>
            {
                if (withTls) listen.UseHttps(certificate);
            });
        using var channel = GrpcChannel.ForAddress($"dns:///localhost:{server.Address.Port}", new GrpcChannelOptions
        {
            Credentials = withTls ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure,
            HttpHandler = withTls ? TestCertificate.HandlerTrusting(certificate) : new SocketsHttpHandler(),
            DisposeHttpClient = true,
        });

        Assert.Equal(5, await Servers.CallOnce(channel));
        Assert.Equal([$"localhost:{server.Address.Port}"], hosts);
        Assert.Equal($"localhost:{server.Address.Port}", channel.Target);
    }

    [Fact]
    public async Task A_name_that_dns_does_not_know_is_UNAVAILABLE_and_named()
    {
        using var channel = GrpcChannel.ForAddress("dns:///no-such-host.invalid:80", Insecure);
        var failure = await ByteCalls.Failure(() => Servers.CallOnce(channel));
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains("no-such-host.invalid", failure.Status.Detail);
    }

    [Fact]
    public async Task No_address_at_all_is_UNAVAILABLE()
    {
        using var channel = Servers.Connect(null, _ => []);
        Assert.Equal(StatusCode.Unavailable, (await ByteCalls.Failure(() => Servers.CallOnce(channel))).StatusCode);
    }

    [Fact]
    public async Task New_addresses_of_a_resolver_take_the_calls()
    {
        await using var servers = await Servers.Start(2);
        var (channel, resolver) = await ConnectAsync(RoundRobin, servers, 0);
        using var _ = channel;
        Assert.Equal(0, await Servers.CallOnce(channel));

        resolver.Push(ResolverResult.ForResult([servers.AddressOf(1)]));

        await Eventually.Until(async () => await Servers.CallOnce(channel) == 1, "the new server takes the calls", Servers.Patience);
        Assert.Equal(servers.AddressOf(1).ToString(), Assert.Single(channel.GetSubchannels()).Address);
    }

    [Fact]
    public async Task A_later_service_config_changes_the_policy_for_all_servers()
    {
        await using var servers = await Servers.Start(2);
        var (channel, resolver) = await ConnectAsync(null, servers, 0, 1);
        using var _ = channel;
        Assert.Equal(new Dictionary<int, int> { [0] = 4 }, await Servers.Call(channel, 4));

        resolver.Push(ResolverResult.ForResult(
            [servers.AddressOf(0), servers.AddressOf(1)], RoundRobin, Status.DefaultSuccess));

        await Servers.WaitFor(channel, 2);
        Assert.Equal(new Dictionary<int, int> { [0] = 3, [1] = 3 }, await Servers.Call(channel, 6));
    }

    [Fact]
    public async Task A_channel_that_takes_no_service_config_of_its_resolver_keeps_its_own()
    {
        await using var servers = await Servers.Start(2);
        var resolver = new PushedResolver();
        using var channel = GrpcChannel.ForAddress("test:///servers", new GrpcChannelOptions
        {
            Credentials = ChannelCredentials.Insecure,
            ServiceConfig = RoundRobin,
            DisableResolverServiceConfig = true,
            ServiceProvider = new ServiceCollection().AddSingleton<ResolverFactory>(new Factory(_ => resolver)).BuildServiceProvider(),
        });
        _ = channel.ConnectAsync();
        resolver.Push(ResolverResult.ForResult(
            [servers.AddressOf(0), servers.AddressOf(1)], new ServiceConfig { LoadBalancingConfigs = { new PickFirstConfig() } }, Status.DefaultSuccess));

        await Servers.WaitFor(channel, 2);
        Assert.Equal(new Dictionary<int, int> { [0] = 2, [1] = 2 }, await Servers.Call(channel, 4));
    }

    [Fact]
    public async Task A_service_config_that_cannot_be_used_does_not_keep_new_addresses_out()
    {
        await using var servers = await Servers.Start(3);
        var (channel, resolver) = await ConnectAsync(RoundRobin, servers, 0);
        using var _ = channel;

        resolver.Push(ResolverResult.ForResult(
            [servers.AddressOf(0), servers.AddressOf(1)],
            new ServiceConfig { LoadBalancingConfigs = { new LoadBalancingConfig("unheard_of") } },
            Status.DefaultSuccess));
        await Servers.WaitFor(channel, 2);
        resolver.Push(ResolverResult.ForResult(
            [servers.AddressOf(0), servers.AddressOf(1), servers.AddressOf(2)], null, new Status(StatusCode.Internal, "not JSON")));
        await Servers.WaitFor(channel, 3);

        Assert.Equal(new Dictionary<int, int> { [0] = 2, [1] = 2, [2] = 2 }, await Servers.Call(channel, 6));
    }

    [Fact]
    public async Task A_resolver_that_fails_later_leaves_the_servers_that_are_there()
    {
        await using var servers = await Servers.Start(1);
        var (channel, resolver) = await ConnectAsync(null, servers, 0);
        using var _ = channel;

        resolver.Push(ResolverResult.ForFailure(new Status(StatusCode.Unavailable, "the register is down")));

        Assert.Equal(0, await Servers.CallOnce(channel));
    }

    [Fact]
    public async Task A_resolver_that_fails_at_first_fails_calls_unless_they_wait()
    {
        await using var servers = await Servers.Start(1);
        var resolver = new PushedResolver();
        using var channel = Connect(resolver, null);
        _ = channel.ConnectAsync();
        resolver.Push(ResolverResult.ForFailure(new Status(StatusCode.Unavailable, "the register is down")));

        Assert.Equal("the register is down", (await ByteCalls.Failure(() => Servers.CallOnce(channel))).Status.Detail);
        var waiting = Servers.CallOnce(channel, new CallOptions().WithWaitForReady());
        Assert.False(waiting.IsCompleted);
        resolver.Push(ResolverResult.ForResult([servers.AddressOf(0)]));
        Assert.Equal(0, await waiting.WaitAsync(Servers.Patience));
    }

    [Fact]
    public async Task Settings_of_a_policy_that_cannot_be_used_do_not_keep_new_addresses_out()
    {
        await using var servers = await Servers.Start(2);
        var (channel, resolver) = await ConnectAsync(RoundRobin, servers, 0);
        using var _ = channel;

        var policy = new LoadBalancingConfig("least_request");
        ((IDictionary<string, object>)policy.Inner["least_request"])["choiceCount"] = "many";
        resolver.Push(ResolverResult.ForResult(
            [servers.AddressOf(0), servers.AddressOf(1)], new ServiceConfig { LoadBalancingConfigs = { policy } }, Status.DefaultSuccess));

        await Servers.WaitFor(channel, 2);
        Assert.Equal(new Dictionary<int, int> { [0] = 2, [1] = 2 }, await Servers.Call(channel, 4));
    }

    [Fact]
    public async Task A_polling_resolver_asks_again_after_a_failure_and_when_it_is_told()
    {
        await using var servers = await Servers.Start(1);
        var polling = new Polling(servers.AddressOf(0));
        using var channel = Servers.Connect(
            "test:///servers", null, new ServiceCollection().AddSingleton<ResolverFactory>(new Factory(_ => polling)));

        Assert.Equal(0, await Servers.CallOnce(channel, new CallOptions().WithWaitForReady()));
        Assert.Equal(2, polling.Asked);
        polling.Refresh();
        await Eventually.Until(() => polling.Asked == 3, "it asks again", Servers.Patience);
    }

    [Theory]
    [InlineData("ftp://host", "'ftp'")]
    [InlineData("localhost:5000", "'localhost'")]
    [InlineData("static:///x", "'static'")]
    public void A_scheme_that_nobody_resolves_is_refused_with_what_to_do(string address, string scheme)
    {
        var refusal = Assert.Throws<InvalidOperationException>(() => GrpcChannel.ForAddress(address, Insecure));
        Assert.Contains(scheme, refusal.Message);
        Assert.Contains("ResolverFactory", refusal.Message);
    }

    [Fact]
    public void A_resolved_address_needs_credentials_to_say_whether_there_is_TLS() =>
        Assert.Contains("Credentials", Assert.Throws<InvalidOperationException>(() => GrpcChannel.ForAddress("dns:///localhost:1")).Message);

    [Theory]
    [InlineData("dns:///", "names no host")]
    [InlineData("dns://8.8.8.8/host", "8.8.8.8")]
    public void A_dns_address_that_cannot_be_used_is_refused(string address, string named)
    {
        var refusal = Assert.Throws<ArgumentException>(() => GrpcChannel.ForAddress(address, Insecure));
        Assert.Contains(named, refusal.Message);
    }

    private static GrpcChannelOptions Insecure => new() { Credentials = ChannelCredentials.Insecure };

    private static ServiceConfig RoundRobin => new() { LoadBalancingConfigs = { new RoundRobinConfig() } };

    /// <summary>A channel whose resolver has found some of the servers; the first of them, or all under round robin, are connected.</summary>
    private static async Task<(GrpcChannel Channel, PushedResolver Resolver)> ConnectAsync(ServiceConfig? config, Servers servers, params int[] found)
    {
        var resolver = new PushedResolver();
        var channel = Connect(resolver, config);
        _ = channel.ConnectAsync();
        resolver.Push(ResolverResult.ForResult([.. found.Select(servers.AddressOf)]));
        await Servers.WaitFor(channel, 1);
        return (channel, resolver);
    }

    private static GrpcChannel Connect(PushedResolver resolver, ServiceConfig? config) => Servers.Connect(
        "test:///servers", config, new ServiceCollection().AddSingleton<ResolverFactory>(new Factory(_ => resolver)));

    private sealed class Factory(Func<ResolverOptions, Resolver> create) : ResolverFactory
    {
        public override string Name => "test";

        public override Resolver Create(ResolverOptions options) => create(options);
    }

    private sealed class PushedResolver : Resolver
    {
        private readonly TaskCompletionSource<Action<ResolverResult>> _listener = new();

        public override void Start(Action<ResolverResult> listener) => _listener.SetResult(listener);

        public void Push(ResolverResult result) => _listener.Task.Result(result);
    }

    private sealed class Polling(BalancerAddress address) : PollingResolver(NullLoggerFactory.Instance, new Backoffs())
    {
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        protected override Task ResolveAsync(CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _asked) == 1) throw new InvalidOperationException("not yet");
            Listener(ResolverResult.ForResult([address]));
            return Task.CompletedTask;
        }

        private sealed class Backoffs : IBackoffPolicyFactory, IBackoffPolicy
        {
            public IBackoffPolicy Create() => this;

            public TimeSpan NextBackoff() => TimeSpan.FromMilliseconds(20);
        }
    }
}
