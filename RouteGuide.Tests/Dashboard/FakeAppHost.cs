extern alias dashboard;

using System.Collections.Concurrent;
using System.Threading.Channels;
using dashboard::Aspire.DashboardService.Proto.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RouteGuide.Tests.Dashboard;

/// <summary>An app host as far as a dashboard sees it: what it says is what a test has it say.</summary>
internal sealed class FakeAppHost : DashboardService.DashboardServiceBase, IAsyncDisposable
{
    public const string Key = "the host's key";

    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Resource> _resources = [];
    private readonly List<Channel<WatchResourcesUpdate>> _watchers = [];
    private bool _isAway;

    private FakeAppHost()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.UseUrls();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        _app = builder.Build();
        _app.MapGrpcService<FakeAppHost>();
    }

    public Uri Address { get; private set; } = null!;

    public ConcurrentQueue<ResourceCommandRequest> Commands { get; } = new();

    public Func<ResourceCommandRequest, ResourceCommandResponse> Execute { get; set; } = _ => new ResourceCommandResponse { Kind = ResourceCommandResponseKind.Succeeded };

    /// <summary>The lines of each resource.</summary>
    public ConcurrentDictionary<string, Channel<ConsoleLogLine>> Lines { get; } = new();

    public static async Task<FakeAppHost> Start()
    {
        var host = new FakeAppHost();
        await host._app.StartAsync();
        host.Address = new Uri(host._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return host;
    }

    public void Upsert(Resource resource)
    {
        lock (_lock)
        {
            _resources[resource.Name] = resource;
            Tell(new WatchResourcesChange { Upsert = resource });
        }
    }

    /// <summary>Ends all that watch, and lets nobody watch until <see cref="Return"/>: a host that has gone.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _isAway = true;
            _watchers.ForEach(watcher => watcher.Writer.TryComplete(new RpcException(new Status(StatusCode.Unavailable, "gone"))));
            _watchers.Clear();
        }
    }

    public void Return()
    {
        lock (_lock) _isAway = false;
    }

    public void Delete(string name)
    {
        lock (_lock)
        {
            _resources.Remove(name);
            Tell(new WatchResourcesChange { Delete = new ResourceDeletion { ResourceName = name } });
        }
    }

    public override async Task WatchResources(WatchResourcesRequest request, IServerStreamWriter<WatchResourcesUpdate> responseStream, ServerCallContext context)
    {
        Check(context);
        var updates = Channel.CreateUnbounded<WatchResourcesUpdate>();
        var initial = new InitialResourceData();
        lock (_lock)
        {
            if (_isAway) throw new RpcException(new Status(StatusCode.Unavailable, "away"));
            initial.Resources.Add(_resources.Values);
            _watchers.Add(updates);
        }

        await responseStream.WriteAsync(new WatchResourcesUpdate { InitialData = initial });
        await foreach (var update in updates.Reader.ReadAllAsync(context.CancellationToken)) await responseStream.WriteAsync(update);
    }

    public override async Task WatchResourceConsoleLogs(WatchResourceConsoleLogsRequest request, IServerStreamWriter<WatchResourceConsoleLogsUpdate> responseStream, ServerCallContext context)
    {
        Check(context);
        if (!Lines.TryGetValue(request.ResourceName, out var lines)) return;
        if (request.SuppressFollow) lines.Writer.TryComplete();
        await foreach (var line in lines.Reader.ReadAllAsync(context.CancellationToken)) await responseStream.WriteAsync(new WatchResourceConsoleLogsUpdate { LogLines = { line } });
    }

    public override Task<ResourceCommandResponse> ExecuteResourceCommand(ResourceCommandRequest request, ServerCallContext context)
    {
        Check(context);
        Commands.Enqueue(request);
        return Task.FromResult(Execute(request));
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock) _watchers.ForEach(watcher => watcher.Writer.TryComplete());
        foreach (var lines in Lines.Values) lines.Writer.TryComplete();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
    }

    private static void Check(ServerCallContext context)
    {
        if (context.RequestHeaders.GetValue("x-resource-service-api-key") != Key) throw new RpcException(new Status(StatusCode.Unauthenticated, "no key"));
    }

    private void Tell(WatchResourcesChange change) => _watchers.ForEach(watcher => watcher.Writer.TryWrite(new WatchResourcesUpdate { Changes = new WatchResourcesChanges { Value = { change } } }));
}
