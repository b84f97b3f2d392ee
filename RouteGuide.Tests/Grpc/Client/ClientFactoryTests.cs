using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.DependencyInjection;
using Routeguide;
using RouteGuideClient = Routeguide.RouteGuide.RouteGuideClient;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>Clients from dependency injection.</summary>
public class ClientFactoryTests
{
    [Fact]
    public async Task A_registered_client_calls_its_address()
    {
        await using var server = await StartServer();
        await using var services = new ServiceCollection().AddGrpcClientTo(server.Address).BuildServiceProvider();

        var client = services.GetRequiredService<RouteGuideClient>();

        Assert.Equal(new Feature(), await client.GetFeatureAsync(new Point()));
        Assert.NotSame(client, services.GetRequiredService<RouteGuideClient>());
    }

    [Fact]
    public async Task Clients_of_different_names_have_different_options()
    {
        await using var server = await StartServer();
        var collection = new ServiceCollection();
        collection.AddGrpcClient<RouteGuideClient>("here", options => options.Address = server.Address);
        collection.AddGrpcClient<RouteGuideClient>("nowhere", options => options.Address = new Uri("http://127.0.0.1:1"));
        await using var services = collection.BuildServiceProvider();
        var factory = services.GetRequiredService<GrpcClientFactory>();

        Assert.NotNull(await factory.CreateClient<RouteGuideClient>("here").GetFeatureAsync(new Point()));
        var failure = await ByteCalls.Failure(() => factory.CreateClient<RouteGuideClient>("nowhere").GetFeatureAsync(new Point()).ResponseAsync);
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Throws<InvalidOperationException>(() => factory.CreateClient<RouteGuideClient>("unknown"));
    }

    [Fact]
    public async Task A_client_without_an_address_is_refused_when_it_is_asked_for()
    {
        var collection = new ServiceCollection();
        collection.AddGrpcClient<RouteGuideClient>();
        await using var services = collection.BuildServiceProvider();

        Assert.Throws<InvalidOperationException>(() => services.GetRequiredService<RouteGuideClient>());
    }

    [Fact]
    public void A_name_that_is_taken_by_another_type_is_refused()
    {
        var collection = new ServiceCollection();
        collection.AddGrpcClient<RouteGuideClient>("name");

        Assert.Throws<InvalidOperationException>(() => collection.AddGrpcClient<OtherClient>("name"));
    }

    [Fact]
    public async Task The_options_can_use_other_services()
    {
        await using var server = await StartServer();
        var collection = new ServiceCollection();
        collection.AddSingleton(server.Address);
        collection.AddGrpcClient<RouteGuideClient>((provider, options) => options.Address = provider.GetRequiredService<Uri>());
        await using var services = collection.BuildServiceProvider();

        Assert.NotNull(await services.GetRequiredService<RouteGuideClient>().GetFeatureAsync(new Point()));
    }

    [Fact]
    public async Task Interceptors_of_the_client_run_before_those_of_the_channel_and_each_scope_in_order()
    {
        await using var server = await StartServer();
        var order = new List<string>();
        var collection = new ServiceCollection();
        collection.AddGrpcClient<RouteGuideClient>(options => options.Address = server.Address)
            .AddInterceptor(() => new Marker("channel 1", order))
            .AddInterceptor(InterceptorScope.Client, () => new Marker("client 1", order))
            .AddInterceptor(_ => new Marker("channel 2", order))
            .AddInterceptor(InterceptorScope.Client, _ => new Marker("client 2", order));
        await using var services = collection.BuildServiceProvider();

        await services.GetRequiredService<RouteGuideClient>().GetFeatureAsync(new Point());

        Assert.Equal(["client 1", "client 2", "channel 1", "channel 2"], order);
    }

    [Fact]
    public async Task There_is_one_interceptor_for_a_channel_and_one_for_each_client()
    {
        await using var server = await StartServer();
        var (ofChannel, ofClient) = (0, 0);
        var collection = new ServiceCollection();
        collection.AddTransient(_ =>
        {
            ofClient++;
            return new Marker("", []);
        });
        collection.AddGrpcClient<RouteGuideClient>(options => options.Address = server.Address)
            .AddInterceptor(() =>
            {
                ofChannel++;
                return new Marker("", []);
            })
            .AddInterceptor<Marker>(InterceptorScope.Client);
        await using var services = collection.BuildServiceProvider();

        for (var i = 0; i < 3; i++) await services.GetRequiredService<RouteGuideClient>().GetFeatureAsync(new Point());

        Assert.Equal((1, 3), (ofChannel, ofClient));
    }

    [Fact]
    public async Task The_channel_and_the_handler_can_be_configured()
    {
        await using var server = await StartServer(new Feature { Name = new string('x', 100) });
        var handlers = 0;
        var collection = new ServiceCollection();
        collection.AddGrpcClient<RouteGuideClient>(options => options.Address = server.Address)
            .ConfigureChannel(channel => channel.MaxReceiveMessageSize = 10)
            .ConfigurePrimaryHttpMessageHandler(() =>
            {
                handlers++;
                return new SocketsHttpHandler();
            });
        await using var services = collection.BuildServiceProvider();

        for (var i = 0; i < 2; i++)
        {
            var failure = await ByteCalls.Failure(() => services.GetRequiredService<RouteGuideClient>().GetFeatureAsync(new Point()).ResponseAsync);
            Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
        }

        Assert.Equal(1, handlers);
    }

    [Fact]
    public async Task Call_credentials_on_plaintext_are_refused_when_the_client_is_asked_for()
    {
        await using var server = await StartServer();
        var collection = new ServiceCollection();
        collection.AddGrpcClient<RouteGuideClient>("safe", options => options.Address = server.Address).AddCallCredentials((_, _) => Task.CompletedTask);
        collection.AddGrpcClient<RouteGuideClient>("unsafe", options => options.Address = server.Address)
            .AddCallCredentials((_, metadata) =>
            {
                metadata.Add("x-credential", "1");
                return Task.CompletedTask;
            })
            .AddCallCredentials((_, metadata, provider) =>
            {
                metadata.Add("x-credential", provider.GetRequiredService<string>());
                return Task.CompletedTask;
            })
            .ConfigureChannel(channel => channel.UnsafeUseInsecureChannelCallCredentials = true);
        collection.AddSingleton("2");
        await using var services = collection.BuildServiceProvider();
        var factory = services.GetRequiredService<GrpcClientFactory>();

        Assert.Throws<InvalidOperationException>(() => factory.CreateClient<RouteGuideClient>("safe"));
        using var call = factory.CreateClient<RouteGuideClient>("unsafe").GetFeatureAsync(new Point());
        await call;
        Assert.Equal("1, 2", (await call.ResponseHeadersAsync).GetValue("x-seen"));
    }

    [Fact]
    public async Task Call_options_actions_see_each_call()
    {
        await using var server = await StartServer();
        var collection = new ServiceCollection();
        collection.AddGrpcClient<RouteGuideClient>(options =>
        {
            options.Address = server.Address;
            options.CallOptionsActions.Add(context => context.CallOptions = context.CallOptions.WithHeaders(new Metadata { { "x-credential", "set" } }));
        });
        await using var services = collection.BuildServiceProvider();

        using var call = services.GetRequiredService<RouteGuideClient>().GetFeatureAsync(new Point());

        Assert.Equal("set", (await call.ResponseHeadersAsync).GetValue("x-seen"));
    }

    [Fact]
    public async Task A_client_can_be_made_by_a_function()
    {
        var collection = new ServiceCollection();
        collection.AddGrpcClient<OtherClient>(options => options.Address = new Uri("http://localhost:1"))
            .ConfigureGrpcClientCreator(invoker => new OtherClient(invoker) { Note = "mine" });
        await using var services = collection.BuildServiceProvider();

        Assert.Equal("mine", services.GetRequiredService<OtherClient>().Note);
    }

    [Fact]
    public void A_builder_of_another_client_is_refused()
    {
        var builder = new ServiceCollection().AddHttpClient("plain");

        Assert.Throws<InvalidOperationException>(() => builder.AddInterceptor(() => new Marker("", [])));
    }

    private static Task<PlainServer> StartServer(Feature? answer = null) => PlainServer.Start(async context =>
    {
        if (context.Request.Headers.TryGetValue("x-credential", out var credential)) context.Response.Headers["x-seen"] = credential;
        await Wire.ReadMessages(context);
        await Wire.Reply(context, [Google.Protobuf.MessageExtensions.ToByteArray(answer ?? new Feature())]);
    });

    public sealed class OtherClient(CallInvoker invoker) : RouteGuideClient(invoker)
    {
        public string Note { get; init; } = "";
    }

    private sealed class Marker(string name, List<string> order) : Interceptor
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            order.Add(name);
            return continuation(request, context);
        }
    }
}

file static class Registration
{
    public static IServiceCollection AddGrpcClientTo(this IServiceCollection services, Uri address)
    {
        services.AddGrpcClient<RouteGuideClient>(options => options.Address = address);
        return services;
    }
}
