using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Client.Balancing;

/// <summary>Addresses that name services, as an app host hands them over: for channels and for registered clients.</summary>
public sealed class ServiceNameTests
{
    [Theory]
    [InlineData("https+http://pair")]
    [InlineData("http+https://pair")]
    [InlineData("https+http://_grpc.other")]
    public async Task Channels_of_grpc_reach_all_addresses_of_a_service_by_its_name(string address)
    {
        await using var servers = await Servers.Start(2);
        using var host = Host(builder => Know(builder, servers, "pair:http", "other:grpc"));
        using var channel = Open(host, address, new RoundRobinConfig());

        await Servers.WaitFor(channel, 2);
        Assert.Equal(new Dictionary<int, int> { [0] = 2, [1] = 2 }, await Servers.Call(channel, 4));
    }

    [Theory]
    [InlineData("https+http://pair")]
    [InlineData("http://pair")]
    [InlineData("pair")]
    public async Task Clients_of_grpc_call_all_addresses_of_a_service_in_turn(string address)
    {
        await using var servers = await Servers.Start(2);
        using var host = Host(builder =>
        {
            Know(builder, servers, "pair:http");
            builder.Services.AddGrpcClient<ByteClient>(options => options.Address = new Uri(address, UriKind.RelativeOrAbsolute));
        });
        var client = host.Services.GetRequiredService<ByteClient>();

        var seen = new HashSet<int>();
        await Eventually.Until(
            async () =>
            {
                seen.Add(await client.CallAsync());
                return seen.Count == 2;
            },
            "both have answered");
    }

    [Fact]
    public async Task The_options_of_a_client_choose_the_policy_among_the_addresses()
    {
        await using var servers = await Servers.Start(2);
        using var host = Host(builder =>
        {
            Know(builder, servers, "pair:http");
            builder.Services.AddGrpcClient<ByteClient>(options => options.Address = new Uri("https+http://pair"))
                .ConfigureChannel(channel => channel.ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new PickFirstConfig() } });
        });
        var client = host.Services.GetRequiredService<ByteClient>();

        for (var i = 0; i < 4; i++) Assert.Equal(0, await client.CallAsync());
    }

    [Fact]
    public async Task Addresses_with_TLS_are_called_with_it()
    {
        using var certificate = TestCertificate.Create();
        await using var server = await PlainServer.Start(context => Wire.Reply(context, [[7]]), listen => listen.UseHttps(certificate));
        using var host = Host(builder =>
        {
            builder.Configuration["services:pair:https:0"] = $"https://localhost:{server.Address.Port}";
            builder.Configuration["services:pair:https:1"] = $"https://127.0.0.1:{server.Address.Port}";
            builder.Services.AddGrpcClient<ByteClient>(options => options.Address = new Uri("https+http://pair"))
                .ConfigurePrimaryHttpMessageHandler(() => TestCertificate.HandlerTrusting(certificate));
        });
        var client = host.Services.GetRequiredService<ByteClient>();
        using var channel = GrpcChannel.ForAddress("https+http://pair", new GrpcChannelOptions
        {
            ServiceProvider = host.Services,
            Credentials = ChannelCredentials.SecureSsl,
            HttpHandler = TestCertificate.HandlerTrusting(certificate),
            DisposeHttpClient = true,
        });

        for (var i = 0; i < 2; i++) Assert.Equal((7, 7), (await client.CallAsync(), await Servers.CallOnce(channel)));
    }

    [Fact]
    public void Call_credentials_of_a_client_are_refused_where_the_addresses_have_no_TLS()
    {
        using var host = Host(builder =>
        {
            for (var i = 0; i < 2; i++) builder.Configuration[$"services:pair:http:{i}"] = $"http://localhost:{i + 1}";
            builder.Services.AddGrpcClient<ByteClient>(options => options.Address = new Uri("https+http://pair"))
                .AddCallCredentials((_, _) => Task.CompletedTask);
        });

        Assert.Contains("plaintext", Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<ByteClient>()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_an_address_names_is_that_port()
    {
        await using var servers = await Servers.Start(1);
        using var host = Host(_ => { });
        using var channel = Open(host, $"https+http://127.0.0.1:{servers.AddressOf(0).EndPoint.Port}");

        Assert.Equal(0, await Servers.CallOnce(channel));
    }

    [Fact]
    public async Task A_service_that_is_not_configured_is_UNAVAILABLE_until_it_is()
    {
        await using var servers = await Servers.Start(1);
        using var host = Host(builder =>
        {
            builder.Configuration["services:pair:https:0"] = "https://localhost:1";
            builder.Services.AddGrpcClient<ByteClient>(options => options.Address = new Uri("https+http://nobody"));
        });
        using var channel = Open(host, "https+http://pair");

        var failure = await ByteCalls.Failure(() => Servers.CallOnce(channel));
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Equal(
            "The service 'pair' has no http address: looked for services:pair:http:0 and services:pair:default:0 in the configuration."
            + " It has https addresses, which need other channel credentials.",
            failure.Status.Detail);
        failure = await ByteCalls.Failure(() => host.Services.GetRequiredService<ByteClient>().CallAsync());
        Assert.Equal(
            (StatusCode.Unavailable, "The service 'nobody' has no https address: looked for services:nobody:https:0 and services:nobody:default:0 in the configuration."),
            (failure.StatusCode, failure.Status.Detail));

        var configuration = (IConfigurationRoot)host.Services.GetRequiredService<IConfiguration>();
        configuration["services:pair:http:0"] = $"http://{servers.AddressOf(0)}";
        configuration.Reload();
        Assert.Equal(0, await Servers.CallOnce(channel, new CallOptions().WithWaitForReady()).WaitAsync(Eventually.Patience));
    }

    [Theory]
    [InlineData("https+http://pair/path", "/path")]
    [InlineData("https+http:///pair", "/pair")]
    public void An_address_that_no_channel_can_have_is_refused(string address, string named)
    {
        using var host = Host(_ => { });
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => Open(host, address)).Message, StringComparison.Ordinal);
    }

    private static void Know(HostApplicationBuilder builder, Servers servers, params string[] endpoints)
    {
        foreach (var endpoint in endpoints)
        {
            for (var i = 0; i < 2; i++) builder.Configuration[$"services:{endpoint}:{i}"] = $"http://{servers.AddressOf(i)}";
        }
    }

    private static GrpcChannel Open(IHost host, string address, LoadBalancingConfig? policy = null) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        ServiceProvider = host.Services,
        Credentials = ChannelCredentials.Insecure,
        ServiceConfig = policy is null ? null : new ServiceConfig { LoadBalancingConfigs = { policy } },
    });

    private static IHost Host(Action<HostApplicationBuilder> configure)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.AddServiceDefaults();
        configure(builder);
        return builder.Build();
    }

    /// <summary>A client as one is generated, for the calls that <see cref="Servers"/> answer.</summary>
    private sealed class ByteClient : ClientBase<ByteClient>
    {
        public ByteClient(CallInvoker callInvoker)
            : base(callInvoker)
        {
        }

        private ByteClient(ClientBaseConfiguration configuration)
            : base(configuration)
        {
        }

        public async Task<int> CallAsync() => (await CallInvoker.AsyncUnaryCall(ByteCalls.Unary, null, default, [1]))[0];

        protected override ByteClient NewInstance(ClientBaseConfiguration configuration) => new(configuration);
    }
}
