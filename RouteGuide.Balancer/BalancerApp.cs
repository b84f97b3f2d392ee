using System.Security.Authentication;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration.Memory;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Control;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Telemetry;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer;

/// <summary>The balancer, composed: settings, listeners, the way of a call. Interim: Kestrel accepts the clients' connections.</summary>
internal sealed class BalancerApp : IAsyncDisposable
{
    private static readonly Dictionary<string, string?> Defaults = new()
    {
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft"] = "Warning",
        [$"Logging:LogLevel:{AccessLog.Category}"] = "Warning",
        ["Logging:Console:FormatterName"] = "simple",
        ["Logging:Console:FormatterOptions:SingleLine"] = "true",
    };

    private readonly WebApplication _web;
    private readonly BalancerSettings _settings;
    private readonly List<(ListenerSettings Settings, ListenOptions Bound)> _listeners = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly TargetClients _clients;

    private BalancerApp(WebApplicationBuilder builder)
    {
        builder.AddServiceDefaults();
        builder.LogFromStartOn();
        _settings = BalancerSettings.Read(builder.Configuration);
        if (_settings.Listeners.Any(l => l.IsTls)) FrontCertificate.Check(builder.Configuration);
        ConfigureKestrel(builder);
        _clients = new TargetClients(_settings.Proxy);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(Targets);
        builder.Services.AddSingleton<SuspectWatch>();
        builder.Services.AddSingleton<IExchangeLog, AccessLog>();
        builder.Services.AddSingleton(_settings.Registry);
        builder.Services.AddSingleton<LeaseBook>();
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = RegistryOptions.MaxMessageSize);
        // Calls that run get their time; after it they are ended, which takes a moment too.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = _settings.DrainTimeout + TimeSpan.FromSeconds(2));

        _web = builder.Build();
        foreach (var address in _settings.Targets) Targets.TryAdd(new Target(address.Authority, address, leased: false));
        ConfigurePipeline();
    }

    /// <summary>The targets that calls are balanced over.</summary>
    public TargetTable Targets { get; } = new();

    public IServiceProvider Services => _web.Services;

    /// <summary>Reads the configuration (files, environment, <paramref name="args"/>) and puts the balancer together.</summary>
    /// <exception cref="ConfigurationException">A setting cannot be used.</exception>
    public static BalancerApp Build(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        ((IConfigurationBuilder)builder.Configuration).Sources.Insert(0, new MemoryConfigurationSource { InitialData = Defaults });
        return new BalancerApp(builder);
    }

    /// <summary>Listens from here on.</summary>
    /// <exception cref="IOException">An address is in use.</exception>
    public async Task Start()
    {
        await _web.StartAsync();
        var logger = _web.Services.GetRequiredService<ILogger<BalancerApp>>();
        foreach (var url in Urls(ListenerKind.Front)) logger.LogInformation("Calls are taken on {Url}", url);
        foreach (var url in Urls(ListenerKind.Registry)) logger.LogInformation("Targets register on {Url}", url);
        foreach (var entry in Targets.Current.Entries) logger.LogInformation("Target {Target} is configured", entry.Target);
        if (_settings.Registry.Key is null && _settings.Listeners.Any(l => l.Kind == ListenerKind.Registry))
        {
            logger.LogWarning("{Setting} is not set: the registry refuses every call", BalancerSettings.RegistryKeyKey);
        }
    }

    /// <summary>Returns when the process was told to end and the running calls have ended or had their time.</summary>
    public Task WaitForEnd() => _web.WaitForShutdownAsync();

    public Task Stop() => _web.StopAsync();

    /// <summary>Where it listens, with the ports that were chosen.</summary>
    public IEnumerable<string> Urls(ListenerKind kind) =>
        from l in _listeners where l.Settings.Kind == kind select (l.Settings with { Port = l.Bound.IPEndPoint?.Port ?? l.Settings.Port }).ToString();

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _clients.Dispose();
        _stopping.Dispose();
    }

    private void ConfigurePipeline()
    {
        var front = new Front(
            new ExchangeContext(Targets, new RoundRobin(), _clients, Services.GetRequiredService<SuspectWatch>(), TimeProvider.System, _stopping.Token),
            Services.GetRequiredService<IExchangeLog>());
        _web.Lifetime.ApplicationStopping.Register(() => _stopping.CancelAfter(_settings.DrainTimeout));

        // Before routing: what came in on a client's listener never meets an endpoint of this process, what came in on another never meets a target.
        _web.Use((HttpContext context, RequestDelegate next) => ListenerFeature.Of(context.Features) == ListenerKind.Front ? front.Handle(context) : next(context));
        _web.Use(new RegistryGate(_settings.Registry).Handle);
        _web.UseRouting();
        _web.MapGrpcService<RegistryService>();
    }

    private void ConfigureKestrel(WebApplicationBuilder builder)
    {
        // The addresses are bound below; Kestrel would bind them a second time, and warn about it.
        foreach (var key in (string[])[WebHostDefaults.ServerUrlsKey, WebHostDefaults.HttpPortsKey, WebHostDefaults.HttpsPortsKey]) builder.WebHost.UseSetting(key, null);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Bytes of header fields pass as they are, also those that are not ASCII.
            kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
            var limits = kestrel.Limits;
            // A stream may be silent or slow for as long as both sides want it; pings find out who is gone.
            limits.MinRequestBodyDataRate = null;
            limits.MinResponseDataRate = null;
            limits.MaxRequestBodySize = null;
            limits.MaxRequestHeadersTotalSize = 64 * 1024;
            limits.Http2.MaxStreamsPerConnection = ProxyOptions.MaxStreamsPerConnection;
            limits.Http2.InitialStreamWindowSize = ProxyOptions.StreamWindow;
            limits.Http2.InitialConnectionWindowSize = ProxyOptions.ConnectionWindow;
            limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
            limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
            foreach (var listener in _settings.Listeners) listener.Bind(kestrel, listen => Configure(listen, listener));
        });
    }

    private void Configure(ListenOptions listen, ListenerSettings listener)
    {
        var feature = new ListenerFeature(listener.Kind);
        listen.Use(next => connection =>
        {
            connection.Features.Set(feature);
            return next(connection);
        });
        listen.Protocols = listener.IsTls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http2;
        if (listener.IsTls) UseHttps(listen, listener);
        _listeners.Add((listener, listen));
    }

    private static void UseHttps(ListenOptions listen, ListenerSettings listener)
    {
        try
        {
            listen.UseHttps(https => https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13);
        }
        catch (InvalidOperationException e)
        {
            throw new ConfigurationException($"{FrontCertificate.Section}: no certificate is configured for {listener}; set Path and KeyPath to a certificate and its key.", e);
        }
    }
}
