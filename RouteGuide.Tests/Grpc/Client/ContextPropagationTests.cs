using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Routeguide;
using RouteGuide.Tests.Support;
using RouteGuideBase = Routeguide.RouteGuide.RouteGuideBase;
using RouteGuideClient = Routeguide.RouteGuide.RouteGuideClient;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>Clients that are used inside a service take over the deadline and the cancellation of the call that is served.</summary>
public class ContextPropagationTests
{
    [Fact]
    public async Task The_deadline_of_the_served_call_is_the_deadline_of_the_calls_it_makes()
    {
        var timeout = new TaskCompletionSource<string?>();
        await using var backend = await PlainServer.Start(async context =>
        {
            timeout.TrySetResult(context.Request.Headers["grpc-timeout"]);
            await Wire.Reply(context, [[]]);
        });
        await using var front = await StartFront(backend.Address);
        using var channel = global::Grpc.Net.Client.GrpcChannel.ForAddress(front.Urls.Single());

        await new RouteGuideClient(channel).GetFeatureAsync(new Point(), deadline: DateTime.UtcNow.AddHours(1));

        Assert.NotNull(await timeout.Task);
    }

    [Fact]
    public async Task The_cancellation_of_the_served_call_cancels_the_calls_it_makes()
    {
        var (arrived, aborted) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var backend = await PlainServer.Start(async context =>
        {
            arrived.TrySetResult();
            await Wire.Aborted(context);
            aborted.TrySetResult();
        });
        await using var front = await StartFront(backend.Address);
        using var channel = global::Grpc.Net.Client.GrpcChannel.ForAddress(front.Urls.Single());

        var call = new RouteGuideClient(channel).GetFeatureAsync(new Point());
        await arrived.Task.WaitAsync(Eventually.Patience);
        call.Dispose();

        await aborted.Task.WaitAsync(Eventually.Patience);
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_token_of_the_caller_s_own_works_beside_that_of_the_served_call()
    {
        var arrived = new TaskCompletionSource();
        await using var backend = await PlainServer.Start(async context =>
        {
            arrived.TrySetResult();
            await Wire.Aborted(context);
        });
        using var own = new CancellationTokenSource();
        await using var front = await StartFront(backend.Address, own.Token);
        using var channel = global::Grpc.Net.Client.GrpcChannel.ForAddress(front.Urls.Single());

        var call = new RouteGuideClient(channel).GetFeatureAsync(new Point());
        await arrived.Task.WaitAsync(Eventually.Patience);
        await own.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await ByteCalls.Failure(() => call.ResponseAsync)).StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Outside_of_a_served_call_the_client_is_refused_unless_the_options_say_otherwise(bool isSuppressed)
    {
        await using var backend = await PlainServer.Start(context => Wire.Reply(context, [[]]));
        var collection = new ServiceCollection();
        collection.AddGrpcClient<RouteGuideClient>(options => options.Address = backend.Address)
            .EnableCallContextPropagation(options => options.SuppressContextNotFoundErrors = isSuppressed);
        await using var services = collection.BuildServiceProvider();
        var client = services.GetRequiredService<RouteGuideClient>();

        if (isSuppressed) Assert.NotNull(await client.GetFeatureAsync(new Point()));
        else Assert.Throws<InvalidOperationException>(() => client.GetFeatureAsync(new Point()));
    }

    private static async Task<WebApplication> StartFront(Uri backend, CancellationToken ownToken = default)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(new OwnToken(ownToken));
        builder.Services.AddGrpcClient<RouteGuideClient>(options => options.Address = backend).EnableCallContextPropagation();
        var application = builder.Build();
        application.MapGrpcService<Forwarder>();
        await application.StartAsync(CancellationToken.None);
        return application;
    }

    private sealed record OwnToken(CancellationToken Token);

    private sealed class Forwarder(RouteGuideClient client, OwnToken own) : RouteGuideBase
    {
        public override async Task<Feature> GetFeature(Point request, ServerCallContext context) =>
            await client.GetFeatureAsync(request, cancellationToken: own.Token);
    }
}
