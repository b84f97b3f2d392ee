using System.Globalization;
using System.Net;
using RouteGuide.Balancer.Configuration;
using RouteGuide.Balancer.Control;
using RouteGuide.Balancer.Health.Discovery;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Telemetry.AccessLogs;
using RouteGuide.Balancer.Telemetry.Metrics;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer;

/// <summary>The balancer's configuration, checked whole before anything is started with it.</summary>
internal sealed record BalancerSettings
{
    public const string DefaultUrl = "https://localhost:50051";
    public const string RegistryPortKey = "REGISTRY_PORT";
    public const string AdminPortKey = "ADMIN_PORT";
    public const string AdminUrlKey = "Balancer:Admin:Url";
    public const string RegistryKeyKey = "REGISTRY_KEY";
    public const string AdminKeyKey = "ADMIN_KEY";

    public required IReadOnlyList<ListenerSettings> Listeners { get; init; }

    public required RouteSettings Routes { get; init; }

    /// <summary>Those of the default group.</summary>
    public IReadOnlyList<TargetAddress> Targets => Routes.Groups[0].Targets;

    /// <summary>Signs the cookies that keep clients with targets; null for a key of this process alone.</summary>
    public string? StickinessKey { get; init; }

    public required TlsSettings Tls { get; init; }

    public required ProxyOptions Proxy { get; init; }

    public AccessLogSettings AccessLog { get; init; } = new();

    public MetricsSettings Metrics { get; init; } = new();

    public TracingSettings Tracing { get; init; } = new();

    public DnsSettings Dns { get; init; } = new();

    public required RegistryOptions Registry { get; init; }

    /// <summary>What changes on the admin listener have to show; null lets nobody make any.</summary>
    public string? AdminKey { get; init; }

    /// <summary>How long running calls may take to end after the balancer was told to stop. 0 to 1 hour, 5 s by default.</summary>
    public TimeSpan DrainTimeout { get; init; }

    /// <summary>Between two looks at balancer.json.</summary>
    public TimeSpan ConfigurationReloadInterval { get; init; }

    /// <exception cref="ConfigurationException">A setting cannot be used.</exception>
    public static BalancerSettings Read(IConfiguration configuration)
    {
        var own = BalancerConfiguration.Read(configuration);
        return new BalancerSettings
        {
            Listeners = ReadListeners(configuration, own),
            Routes = RouteSettings.From(own),
            StickinessKey = own.Attributes.Stickiness.Key,
            Tls = TlsSettings.Read(configuration) with { ReloadInterval = own.CertificateReloadInterval },
            Proxy = new ProxyOptions
            {
                ConnectTimeout = own.ConnectTimeout,
                MaxConnectionAge = own.MaxConnectionAge,
                MaxRequestsPerConnection = own.MaxRequestsPerConnection,
                Loops = own.Loops ?? new ProxyOptions().Loops,
                PortableTransport = own.Transport == TransportKind.Portable,
                Limits = LimitSettings.Read(configuration),
            },
            Registry = new RegistryOptions
            {
                Key = configuration[RegistryKeyKey] is { Length: > 0 } key ? key : null,
                RegistrationTimeout = own.RegistrationTimeout,
            },
            AdminKey = configuration[AdminKeyKey] is { Length: > 0 } adminKey ? adminKey : own.Admin.Key is { Length: > 0 } set ? set : null,
            AccessLog = own.AccessLog,
            Metrics = own.Metrics,
            Tracing = own.Tracing,
            Dns = own.Dns,
            DrainTimeout = own.DrainTimeout,
            ConfigurationReloadInterval = own.ConfigurationReloadInterval,
        };
    }

    private static List<ListenerSettings> ReadListeners(IConfiguration configuration, BalancerConfiguration own)
    {
        var registryPort = ReadPort(configuration, RegistryPortKey);
        var adminPort = ReadPort(configuration, AdminPortKey);

        var listeners = Urls(configuration).Select(url => ListenerSettings.Parse(WebHostDefaults.ServerUrlsKey, url, registryPort) with { DefaultCalls = own.DefaultAttributes }).ToList();
        listeners.AddRange(own.Listeners.Select(l => ListenerSettings.Parse($"{BalancerConfiguration.Key}:Listeners:{l.Key}:Url", l.Value.Url, null) with
        {
            Name = l.Key,
            Attributes = l.Value.Attributes,
            Rules = l.Value.Rules,
            DefaultActions = l.Value.DefaultActions,
            DefaultCalls = l.Value.DefaultAttributes ?? own.DefaultAttributes,
        }));
        if (listeners.Count == 0) listeners.Add(ListenerSettings.Parse(WebHostDefaults.ServerUrlsKey, DefaultUrl, registryPort) with { DefaultCalls = own.DefaultAttributes });
        if (registryPort is { } missing && listeners.TrueForAll(l => l.Kind != ListenerKind.Registry))
        {
            listeners.Add(ListenerSettings.Parse(RegistryPortKey, missing == 0 ? "http://127.0.0.1:0" : $"http://localhost:{missing}", missing));
        }

        // Addresses that the platform has given by their ports stand among the others.
        if (adminPort > 0) listeners = [.. listeners.Select(l => l.Port == adminPort ? l.AsAdmin(AdminPortKey) : l)];
        if (adminPort is { } port && listeners.TrueForAll(l => l.Kind != ListenerKind.Admin)) listeners.Add(ListenerSettings.Parse(AdminPortKey, port == 0 ? "http://127.0.0.1:0" : $"http://localhost:{port}", null).AsAdmin(AdminPortKey));
        if (own.Admin.Url is { } url) listeners.Add(ListenerSettings.Parse(AdminUrlKey, url, null).AsAdmin(AdminUrlKey));
        for (var i = 1; i < listeners.Count; i++)
        {
            var listener = listeners[i];
            if (listeners.Take(i).FirstOrDefault(l => IsSame(l, listener)) is { } taken) throw new ConfigurationException($"The listener {listener}", listener.Name, $"at an address of its own: {taken.Name} is at {taken} already");
        }

        if (listeners.TrueForAll(l => l.Kind != ListenerKind.Front)) throw new ConfigurationException(WebHostDefaults.ServerUrlsKey, configuration[WebHostDefaults.ServerUrlsKey], "a list that has an address for calls beside that of the registry");
        return listeners;
    }

    // Of port 0, each has another one; but two fronts without names would be the same.
    private static bool IsSame(ListenerSettings one, ListenerSettings other) =>
        (one.Kind == ListenerKind.Front && other.Kind == ListenerKind.Front && one.Name.Equals(other.Name, StringComparison.OrdinalIgnoreCase)) || (one.Port != 0 && one.Port == other.Port && one.Host.Equals(other.Host, StringComparison.OrdinalIgnoreCase));

    private static int? ReadPort(IConfiguration configuration, string key) => configuration[key] switch
    {
        null or "" => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort => port,
        var text => throw new ConfigurationException(key, text, "a port from 0 (any free one) to 65535"),
    };

    // The order in which ASP.NET Core looks: urls, else the port lists that container images set.
    private static List<string> Urls(IConfiguration configuration)
    {
        var urls = Split(configuration[WebHostDefaults.ServerUrlsKey]);
        if (urls.Count == 0)
        {
            urls.AddRange(Split(configuration[WebHostDefaults.HttpPortsKey]).Select(port => $"http://*:{port}"));
            urls.AddRange(Split(configuration[WebHostDefaults.HttpsPortsKey]).Select(port => $"https://*:{port}"));
        }

        return urls;

        static List<string> Split(string? list) => [.. (list ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
    }
}
