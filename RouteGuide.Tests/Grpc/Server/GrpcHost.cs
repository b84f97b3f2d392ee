using System.Collections.Concurrent;
using System.Net;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>An application with gRPC on Kestrel, on a free port of the loopback address, without TLS unless asked for.</summary>
internal sealed class GrpcHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Log _log;

    private GrpcHost(WebApplication app, Log log)
    {
        _app = app;
        _log = log;
    }

    public Uri Address { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    /// <summary>What was logged so far.</summary>
    public IReadOnlyList<(LogLevel Level, string Category, string Text)> Logged => [.. _log.Entries];

    /// <summary>Starts a host that serves <paramref name="service"/>.</summary>
    public static Task<GrpcHost> ServeAsync(
        ScriptedRouteGuide service, Action<GrpcServiceOptions>? options = null, HttpProtocols protocols = HttpProtocols.Http2, TimeProvider? time = null) =>
        StartAsync(
            services =>
            {
                if (time is not null) services.AddSingleton(time);
                services.AddGrpc(options ?? (_ => { }));
                services.AddSingleton(service);
            },
            app => app.MapGrpcService<ScriptedRouteGuide>(),
            listen => listen.Protocols = protocols);

    public static async Task<GrpcHost> StartAsync(Action<IServiceCollection> services, Action<WebApplication> map, Action<ListenOptions>? listen = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        // Settings of applications that lie beside the tests, and of the machine, are none of ours.
        builder.Configuration.Sources.Clear();
        var log = new Log();
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Debug);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, options =>
        {
            options.Protocols = HttpProtocols.Http2;
            listen?.Invoke(options);
        }));
        services(builder.Services);
        var app = builder.Build();
        var host = new GrpcHost(app, log);
        try
        {
            map(app);
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        host.Address = new Uri(app.Urls.Single());
        return host;
    }

    public Task<RawHttp2Connection> ConnectAsync(IReadOnlyDictionary<int, uint>? settings = null) => RawHttp2Connection.ConnectAsync(Address, settings);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private sealed class Log : ILoggerProvider
    {
        public ConcurrentQueue<(LogLevel, string, string)> Entries { get; } = [];

        public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

        public void Dispose()
        {
        }

        private sealed class Category(Log log, string name) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                log.Entries.Enqueue((logLevel, name, $"{formatter(state, exception)} {exception}"));
        }
    }
}
