using Grpc.Core;
using Grpc.Reflection.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RouteGuide.Tests.Client.Protos;

namespace RouteGuide.Tests.Client;

/// <summary>A gRPC server in this process, on a port of the system's choice: the service of everything.proto, with reflection of any kind.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestServer(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public Uri Address { get; }

    public Calls Seen => _app.Services.GetRequiredService<Calls>();

    /// <summary>Starts it with true reflection.</summary>
    public static Task<TestServer> StartAsync() => StartAsync(services => services.AddGrpcReflection(), app => app.MapGrpcReflectionService());

    /// <summary>Starts it with reflection v1 that answers as a test wants.</summary>
    public static Task<TestServer> StartAsync(Func<ServerReflectionRequest, ServerReflectionResponse?> answer) =>
        StartAsync(services => services.AddSingleton(new Reflection(answer)), app => app.MapGrpcService<Reflection>());

    public static async Task<TestServer> StartAsync(Action<IServiceCollection> add, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<Calls>();
        builder.Services.AddSingleton<Service>();
        add(builder.Services);
        var app = builder.Build();
        app.MapGrpcService<Service>();
        map(app);
        await app.StartAsync();
        return new TestServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    /// <summary>What the service has seen.</summary>
    internal sealed class Calls
    {
        private long _echoes;

        public long Echoes => Interlocked.Read(ref _echoes);

        public void CountEcho() => Interlocked.Increment(ref _echoes);
    }

    internal sealed class Service(Calls calls) : EverythingService.EverythingServiceBase
    {
        public override Task<Everything> Echo(Everything request, ServerCallContext context)
        {
            calls.CountEcho();
            if (context.RequestHeaders.GetValue("x-echo") is { } value) context.ResponseTrailers.Add("x-echoed", value);
            return Task.FromResult(request);
        }

        public override async Task Repeat(Everything request, IServerStreamWriter<Everything> responseStream, ServerCallContext context)
        {
            for (var i = 0; i < request.Int32Field; i++) await responseStream.WriteAsync(request);
        }

        public override async Task<Everything> Collect(IAsyncStreamReader<Everything> requestStream, ServerCallContext context)
        {
            var all = new Everything();
            await foreach (var message in requestStream.ReadAllAsync())
            {
                all.Int32Field++;
                all.Strings.Add(message.StringField);
            }

            return all;
        }

        public override async Task EchoEach(IAsyncStreamReader<Everything> requestStream, IServerStreamWriter<Everything> responseStream, ServerCallContext context)
        {
            await foreach (var message in requestStream.ReadAllAsync()) await responseStream.WriteAsync(message);
        }

        public override Task<Everything> Fail(Everything request, ServerCallContext context) => throw new RpcException(new Status((StatusCode)request.Int32Field, request.StringField));

        public override async Task<Everything> Hang(Everything request, ServerCallContext context)
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return request;
        }
    }

    internal sealed class Reflection(Func<ServerReflectionRequest, ServerReflectionResponse?> answer) : ServerReflection.ServerReflectionBase
    {
        public override async Task ServerReflectionInfo(IAsyncStreamReader<ServerReflectionRequest> requestStream, IServerStreamWriter<ServerReflectionResponse> responseStream, ServerCallContext context)
        {
            while (await requestStream.MoveNext(context.CancellationToken))
            {
                if (answer(requestStream.Current) is not { } given) return;
                await responseStream.WriteAsync(given);
            }
        }
    }
}
