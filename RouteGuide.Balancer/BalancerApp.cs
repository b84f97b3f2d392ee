using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration.Memory;
using RouteGuide.Balancer.Configuration;
using RouteGuide.Balancer.Control;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Health.Checks;
using RouteGuide.Balancer.Health.Discovery;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Stickiness;
using RouteGuide.Balancer.Proxy.Tcp;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Telemetry.AccessLogs;
using RouteGuide.Balancer.Telemetry.Admin;
using RouteGuide.Balancer.Telemetry.Events;
using RouteGuide.Balancer.Transport.Naming;
using RouteGuide.Balancer.Transport.Tls;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer;

/// <summary>The balancer, composed: settings, listeners, the way of a call. Clients come to the engine; Kestrel has the registry.</summary>
internal sealed class BalancerApp : IAsyncDisposable
{
    private static readonly Dictionary<string, string?> Defaults = new()
    {
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft"] = "Warning",
        ["Logging:Console:FormatterName"] = "simple",
        ["Logging:Console:FormatterOptions:SingleLine"] = "true",
    };

    private readonly WebApplication _web;
    private readonly BalancerSettings _settings;
    private readonly List<(ListenerSettings Settings, Func<int> Port)> _others = []; // for Kestrel
    private readonly FrontListeners _fronts;
    private readonly RunningConfiguration _running;
    private readonly ProxyEngine _engine;
    private readonly TlsFront? _tls;
    private readonly TargetTls _targetTls;
    private readonly ConfigurationFile? _file;
    private readonly TargetKeepers _keepers = new();
    private readonly CheckGate _checks = new();
    private FileWatch? _watch;
    private ConfigurationWatch? _configurationWatch;
    private Task _stopping = Task.CompletedTask;

    private BalancerApp(WebApplicationBuilder builder, ConfigurationFile? file, TimeProvider time)
    {
        _file = file;
        builder.AddServiceDefaults();
        builder.LogFromStartOn();
        _settings = BalancerSettings.Read(builder.Configuration);
        _tls = _settings.Listeners.FirstOrDefault(l => l.IsTls) is { } secured ? FrontCertificate.Load(_settings.Tls, secured, TimeProvider.System) : null;
        _targetTls = _settings.Tls.LoadTargetTls(TimeProvider.System);
        ConfigureKestrel(builder);
        if (_settings.Listeners.All(l => l.Kind == ListenerKind.Front)) builder.Services.AddSingleton<IServer, NoServer>();
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton(_ => Targets);
        builder.Services.AddSingleton(services => new Observability(_settings, time, services.GetRequiredService<EventHistory>(), services.GetRequiredService<ILogger<AccessLog>>()));
        builder.Services.AddSingleton(_settings.Registry);
        builder.Services.AddSingleton<LeaseBook>();
        builder.Services.AddSingleton(new EventHistory(time));
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = RegistryOptions.MaxMessageSize);
        // Calls that run get their time; after it they are ended, which takes a moment too.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = _settings.DrainTimeout + TimeSpan.FromSeconds(2));

        builder.Services.AddSingleton(_keepers);

        _web = builder.Build();
        var keeping = new KeeperShared(new NetworkProbe(new ProbeConnector(_targetTls)), _checks, time, new Random(), Services.GetRequiredService<ILogger<TargetKeeper>>()) { Names = NameService(_settings.Dns, time) };
        _running = new RunningConfiguration(_settings, _keepers, new RunningShared(keeping, new CookieSeal(_settings.StickinessKey, TimeProvider.System), time, Services.GetRequiredService<ILoggerFactory>(), History));
        var first = _running.ListenerOf(_settings.Listeners.First(l => l.Kind == ListenerKind.Front)).Proxy;
        _engine = new ProxyEngine(
            new ProxyShared(first.Routes, Seen.Log, _settings.Proxy with { TargetTls = _targetTls }, time) { Meters = Seen.Book, Sampling = Seen.Sampling },
            Services.GetRequiredService<ILoggerFactory>());
        Seen.Show(_engine, _running, Services.GetRequiredService<LeaseBook>(), () => [.. Listeners.Select(l => new ListenerInfo($"{l}", l.IsTcp ? "tcp" : l.Kind.ToString().ToLowerInvariant()))]);
        _fronts = new FrontListeners(_engine, _running.ListenerOf, _tls, _settings.ConfigurationReloadInterval, TimeProvider.System, Services.GetRequiredService<ILogger<BalancerApp>>());
        var control = new ControlApi(new AdminGate(_settings.AdminKey), new TargetControl(_keepers, Services.GetRequiredService<LeaseBook>(), _running, History, Services.GetRequiredService<ILogger<TargetControl>>()));
        _web.Use((context, next) => context.Features.Get<AdminConnection>() is not null && context.Request.Path.StartsWithSegments(ControlApi.Root, StringComparison.Ordinal) ? control.Handle(context) : next(context));
        _web.Use(Seen.Handle);
        _web.Use(new RegistryGate(_settings.Registry).Handle);
        _web.UseRouting();
        _web.MapGrpcService<RegistryService>();
    }

    /// <summary>The targets of the default group, which replicas register in.</summary>
    public TargetTable Targets => _running.Default.Targets;

    public IServiceProvider Services => _web.Services;

    /// <summary>What people see of it.</summary>
    public Observability Seen => Services.GetRequiredService<Observability>();

    /// <summary>The target groups, used or not.</summary>
    public IReadOnlyList<ProxyGroup> Groups => _running.All;

    /// <summary>What has happened lately.</summary>
    public EventHistory History => Services.GetRequiredService<EventHistory>();

    /// <summary>The data path.</summary>
    public ProxyEngine Engine => _engine;

    /// <summary>The listeners in TCP mode.</summary>
    public IEnumerable<TcpFront> TcpFronts => from l in _fronts.Current where l.IsTcp select _running.ListenerOf(l).Tcp;

    /// <summary>Reads the configuration (files, environment, <paramref name="args"/>) and puts the balancer together.</summary>
    /// <exception cref="ConfigurationException">A setting cannot be used.</exception>
    public static BalancerApp Build(string[] args, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        ((IConfigurationBuilder)builder.Configuration).Sources.Insert(0, new MemoryConfigurationSource { InitialData = Defaults });
        var file = ConfigurationFile.Add(builder.Configuration, Directory.GetCurrentDirectory(), AppContext.BaseDirectory);
        return new BalancerApp(builder, file, time ?? TimeProvider.System);
    }

    /// <summary>Listens from here on.</summary>
    /// <exception cref="IOException">An address is in use.</exception>
    public async Task Start()
    {
        foreach (var listener in _settings.Listeners.Where(l => l.Kind == ListenerKind.Front)) _fronts.Listen(listener);
        await _web.StartAsync();
        await _engine.Start();
        _web.Lifetime.ApplicationStopping.Register(() => _stopping = _engine.Stop(_settings.DrainTimeout));
        var logger = _web.Services.GetRequiredService<ILogger<BalancerApp>>();
        _watch = new FileWatch([.. _tls?.Files ?? [], .. _targetTls.Files], _settings.Tls.ReloadInterval, () => _tls?.Refresh(), TimeProvider.System, logger);
        if (_file is not null) _configurationWatch = new ConfigurationWatch(_file, _web.Configuration, _settings.ConfigurationReloadInterval, Apply, logger);
        foreach (var url in Urls(ListenerKind.Front)) logger.LogInformation("Calls are taken on {Url}", url);
        foreach (var url in Urls(ListenerKind.Registry)) logger.LogInformation("Targets register on {Url}", url);
        foreach (var url in Urls(ListenerKind.Admin)) logger.LogInformation("The status page is on {Url}", url);
        foreach (var group in _running.Groups.Current)
        {
            foreach (var entry in group.Group.Targets.Current.Entries) logger.LogInformation("Target {Target} is configured in {Group}", entry.Target, group.Group);
        }

        if (_settings.Tls.ClientMode != ClientCertificateMode.Off)
        {
            foreach (var url in Urls(ListenerKind.Front).Where(u => u.StartsWith("http:", StringComparison.Ordinal))) logger.LogWarning("{Setting} is {Mode}, but clients of {Url} show no certificate: it is plaintext", $"{TlsSettings.ClientsKey}:Mode", _settings.Tls.ClientMode, url);
        }

        if (_settings.Registry.Key is null && _settings.Listeners.Any(l => l.Kind == ListenerKind.Registry))
        {
            logger.LogWarning("{Setting} is not set: the registry refuses every call", BalancerSettings.RegistryKeyKey);
        }
    }

    /// <summary>Returns when the process was told to end and the running calls have ended or had their time.</summary>
    public async Task WaitForEnd()
    {
        await _web.WaitForShutdownAsync();
        await _stopping;
    }

    public async Task Stop()
    {
        await _web.StopAsync();
        await _stopping;
    }

    /// <summary>Where it listens, with the ports that were chosen.</summary>
    public IEnumerable<string> Urls(ListenerKind kind) => from l in Listeners where l.Kind == kind select l.ToString();

    /// <summary>Where a listener of the configuration listens.</summary>
    public string UrlOf(string name) => (from l in Listeners where l.Name == name select l.ToString()).Single();

    public async ValueTask DisposeAsync()
    {
        if (_watch is not null) await _watch.DisposeAsync();
        if (_configurationWatch is not null) await _configurationWatch.DisposeAsync();
        _fronts.Dispose();
        await _engine.DisposeAsync();
        _running.Dispose();
        _keepers.Dispose();
        _checks.Dispose();
        await _web.DisposeAsync();
    }

    /// <summary>What it listens on, with the ports that were chosen.</summary>
    public IEnumerable<ListenerSettings> Listeners => [.. _fronts.Current, .. _others.ToArray().Select(l => l.Settings with { Port = l.Port() })];

    // On the watch's own task; one at a time.
    private void Apply(BalancerSettings settings)
    {
        Seen.Apply(settings);
        _running.Apply(settings);
        _fronts.Apply([.. settings.Listeners.Where(l => l.Kind == ListenerKind.Front)]);
        History.Add(EventKind.Reload, null, null, null, null, _file?.File.Path);
    }

    // Systems that do not say whom they ask are asked themselves.
    private static INameService NameService(DnsSettings dns, TimeProvider time)
    {
        const string ResolvConf = "/etc/resolv.conf";
        return dns.Servers.Count > 0 || File.Exists(ResolvConf) ? new DnsNameService(new DnsClient(() => dns.Read(ResolvConf), time)) : new SystemNameService();
    }

    private void ConfigureKestrel(WebApplicationBuilder builder)
    {
        // The addresses are bound below; Kestrel would bind them a second time, and warn about it.
        foreach (var key in (string[])[WebHostDefaults.ServerUrlsKey, WebHostDefaults.HttpPortsKey, WebHostDefaults.HttpsPortsKey]) builder.WebHost.UseSetting(key, null);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // The registry's key is compared as the octets that it was sent as.
            kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
            // A lease is a stream that is silent for as long as all is well; pings find out who is gone.
            var limits = kestrel.Limits;
            limits.MinRequestBodyDataRate = null;
            limits.MinResponseDataRate = null;
            limits.MaxRequestBodySize = null;
            limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
            limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
            foreach (var listener in _settings.Listeners.Where(l => l.Kind != ListenerKind.Front)) listener.Bind(kestrel, listen => Configure(listen, listener));
        });
    }

    private void Configure(ListenOptions listen, ListenerSettings listener)
    {
        listen.Protocols = listener.Kind == ListenerKind.Admin ? HttpProtocols.Http1 : HttpProtocols.Http2;
        if (listener.Kind == ListenerKind.Admin)
        {
            listen.Use(next => connection =>
            {
                connection.Features.Set(new AdminConnection());
                return next(connection);
            });
        }

        _others.Add((listener, () => listen.IPEndPoint?.Port ?? listener.Port));
    }
}
