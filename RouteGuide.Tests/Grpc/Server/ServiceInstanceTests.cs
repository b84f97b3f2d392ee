using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Routeguide;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>Which instance of a service takes a call, and what becomes of it.</summary>
public sealed class ServiceInstanceTests
{
    [Fact]
    public async Task A_service_that_is_not_registered_is_made_for_each_call_and_disposed_after_it()
    {
        var journal = new Journal();
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddSingleton(journal);
            },
            app => app.MapGrpcService<PerCall>());
        await using var h2 = await host.ConnectAsync();
        foreach (var path in new[] { ScriptedRouteGuide.UnaryPath, ScriptedRouteGuide.ServerStreamingPath, ScriptedRouteGuide.ClientStreamingPath, ScriptedRouteGuide.DuplexPath })
        {
            await h2.CallAsync(path, new Point());
            await Eventually.Until(() => journal.Lines.Count == 3, "the end of the call");
            Assert.Equal(["made", $"called {path.Split('/')[^1]}", "disposed asynchronously"], journal.Lines);
            journal.Lines.Clear();
        }
    }

    [Fact]
    public async Task A_service_made_for_a_call_that_fails_is_disposed_too()
    {
        var journal = new Journal { Fails = true };
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddSingleton(journal);
            },
            app => app.MapGrpcService<PerCall>());
        await using var h2 = await host.ConnectAsync();
        Assert.Equal("9", (await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point())).GrpcStatus);
        Assert.Equal(["made", "called GetFeature", "disposed asynchronously"], journal.Lines);
    }

    [Fact]
    public async Task A_registered_singleton_takes_all_calls_and_is_not_disposed()
    {
        var journal = new Journal();
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddSingleton(journal);
                services.AddSingleton<PerCall>();
            },
            app => app.MapGrpcService<PerCall>());
        await using var h2 = await host.ConnectAsync();
        await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.Equal(["made", "called GetFeature", "called GetFeature"], journal.Lines);
    }

    [Fact]
    public async Task A_service_gets_the_scoped_services_of_its_request()
    {
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddScoped<Scoped>();
            },
            app => app.MapGrpcService<WithScope>());
        await using var h2 = await host.ConnectAsync();
        var first = await NameAsync(h2);
        var second = await NameAsync(h2);
        Assert.StartsWith("same", first, StringComparison.Ordinal);
        Assert.StartsWith("same", second, StringComparison.Ordinal);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task A_service_may_ask_for_singletons_of_every_kind()
    {
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.Configure<Settings>(settings => settings.Name = "configured");
            },
            app => app.MapGrpcService<WithSingletons>());
        await using var h2 = await host.ConnectAsync();
        Assert.Equal("configured", await NameAsync(h2));
    }

    [Fact]
    public async Task Without_an_instance_an_interceptor_has_to_answer()
    {
        var journal = new Journal();
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc(options => options.EnableDetailedErrors = true).AddServiceOptions<PerCall>(options => options.SuppressCreatingService = true);
                services.AddSingleton(journal);
            },
            app => app.MapGrpcService<PerCall>());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.Equal("2", call.GrpcStatus);
        Assert.Empty(journal.Lines);
    }

    private static async Task<string> NameAsync(RawHttp2Connection h2) =>
        Feature.Parser.ParseFrom(Assert.Single((await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point())).Messages).Payload).Name;

    private sealed class Journal
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public bool Fails { get; init; }
    }

    private sealed class PerCall : Routeguide.RouteGuide.RouteGuideBase, IAsyncDisposable, IDisposable
    {
        private readonly Journal _journal;

        public PerCall(Journal journal)
        {
            _journal = journal;
            journal.Lines.Enqueue("made");
        }

        public override Task<Feature> GetFeature(Point request, ServerCallContext context)
        {
            Called(nameof(GetFeature));
            return Task.FromResult(new Feature());
        }

        public override async Task ListFeatures(Rectangle request, IServerStreamWriter<Feature> responseStream, ServerCallContext context)
        {
            await Task.Yield();
            Called(nameof(ListFeatures));
        }

        public override async Task<RouteSummary> RecordRoute(IAsyncStreamReader<Point> requestStream, ServerCallContext context)
        {
            await Task.Yield();
            Called(nameof(RecordRoute));
            return new RouteSummary();
        }

        public override async Task RouteChat(IAsyncStreamReader<RouteNote> requestStream, IServerStreamWriter<RouteNote> responseStream, ServerCallContext context)
        {
            await Task.Yield();
            Called(nameof(RouteChat));
        }

        public void Dispose() => _journal.Lines.Enqueue("disposed");

        public ValueTask DisposeAsync()
        {
            _journal.Lines.Enqueue("disposed asynchronously");
            return default;
        }

        private void Called(string method)
        {
            _journal.Lines.Enqueue($"called {method}");
            if (_journal.Fails) throw new RpcException(new Status(StatusCode.FailedPrecondition, ""));
        }
    }

    private sealed class Scoped
    {
        public Guid Id { get; } = Guid.NewGuid();
    }

    private sealed class WithScope(Scoped scoped) : Routeguide.RouteGuide.RouteGuideBase
    {
        public override Task<Feature> GetFeature(Point request, ServerCallContext context)
        {
            var ofRequest = context.GetHttpContext().RequestServices.GetRequiredService<Scoped>();
            return Task.FromResult(new Feature { Name = $"{(ofRequest == scoped ? "same" : "other")} {scoped.Id}" });
        }
    }

    private sealed class Settings
    {
        public string Name { get; set; } = "";
    }

    private sealed class WithSingletons(IOptions<Settings> settings, Microsoft.Extensions.Logging.ILogger<WithSingletons> logger, TimeProvider time) : Routeguide.RouteGuide.RouteGuideBase
    {
        public override Task<Feature> GetFeature(Point request, ServerCallContext context) =>
            Task.FromResult(new Feature { Name = logger is not null && time is not null ? settings.Value.Name : "" });
    }
}
