using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Client.Balancing;

/// <summary>Servers that answer with their number, and a channel to all of them.</summary>
internal sealed class Servers : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly List<PlainServer> _servers = [];

    // A server that has stopped does not know its address any more.
    private readonly List<int> _ports = [];

    /// <summary>What each server does before it answers.</summary>
    public ConcurrentDictionary<int, Func<HttpContext, Task>> Before { get; } = [];

    public static async Task<Servers> Start(int count)
    {
        var servers = new Servers();
        for (var i = 0; i < count; i++)
        {
            var number = i;
            servers._servers.Add(await PlainServer.Start(context => servers.Answer(context, number)));
            servers._ports.Add(servers._servers[i].Address.Port);
        }

        return servers;
    }

    public BalancerAddress AddressOf(int server) => new("127.0.0.1", _ports[server]);

    public Task Stop(int server) => _servers[server].DisposeAsync().AsTask();

    /// <summary>A channel to all servers by a static resolver.</summary>
    public GrpcChannel Connect(LoadBalancingConfig policy, TimeProvider? time = null) =>
        Connect(new ServiceConfig { LoadBalancingConfigs = { policy } }, _ => Enumerable.Range(0, _servers.Count).Select(AddressOf), time);

    public static GrpcChannel Connect(ServiceConfig? config, Func<Uri, IEnumerable<BalancerAddress>> addresses, TimeProvider? time = null)
    {
        var services = new ServiceCollection().AddSingleton<ResolverFactory>(new StaticResolverFactory(addresses));
        if (time is not null) services.AddSingleton(time);
        return Connect("static:///servers", config, services);
    }

    public static GrpcChannel Connect(string address, ServiceConfig? config, IServiceCollection services) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        Credentials = ChannelCredentials.Insecure,
        ServiceConfig = config,
        ServiceProvider = services.BuildServiceProvider(),
        InitialReconnectBackoff = TimeSpan.FromMilliseconds(50),
        MaxReconnectBackoff = TimeSpan.FromMilliseconds(200),
    });

    /// <summary>Connects, and waits until all servers are in a state.</summary>
    public static async Task WaitFor(GrpcChannel channel, int count, ConnectivityState state = ConnectivityState.Ready)
    {
        using var limit = new CancellationTokenSource(Patience);
        if (state == ConnectivityState.Ready) await channel.ConnectAsync(limit.Token);
        await Eventually.Until(() => channel.GetSubchannels().Count(s => s.State == state) == count, $"{count} servers are {state}", Patience);
    }

    /// <summary>Makes calls one after the other; how many each server has answered.</summary>
    public static async Task<Dictionary<int, int>> Call(GrpcChannel channel, int count)
    {
        var answered = new Dictionary<int, int>();
        for (var i = 0; i < count; i++)
        {
            var server = await CallOnce(channel);
            answered[server] = answered.GetValueOrDefault(server) + 1;
        }

        return answered;
    }

    public static async Task<int> CallOnce(GrpcChannel channel, CallOptions options = default) =>
        (await channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, options, [1]))[0];

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
    }

    private async Task Answer(HttpContext context, int number)
    {
        await Wire.ReadMessages(context);
        if (Before.TryGetValue(number, out var before)) await before(context);
        await Wire.Reply(context, [[(byte)number]]);
    }
}
