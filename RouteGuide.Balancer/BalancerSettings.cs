using System.Globalization;
using System.Net;
using RouteGuide.Balancer.Control;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Routing;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer;

/// <summary>The balancer's configuration, checked whole before anything is started with it.</summary>
internal sealed record BalancerSettings
{
    public const string DefaultUrl = "https://localhost:50051";
    public const string DrainTimeoutKey = "Balancer:DrainTimeout";
    public const string ConnectTimeoutKey = "Balancer:ConnectTimeout";
    public const string MaxConnectionAgeKey = "Balancer:MaxConnectionAge";
    public const string MaxRequestsPerConnectionKey = "Balancer:MaxRequestsPerConnection";
    public const string LoopsKey = "Balancer:Loops";
    public const string TransportKey = "Balancer:Transport";
    public const string RegistrationTimeoutKey = "Balancer:RegistrationTimeout";
    public const string RegistryPortKey = "REGISTRY_PORT";
    public const string RegistryKeyKey = "REGISTRY_KEY";

    public required IReadOnlyList<ListenerSettings> Listeners { get; init; }

    public required RouteSettings Routes { get; init; }

    /// <summary>Those of the default group.</summary>
    public IReadOnlyList<TargetAddress> Targets => Routes.Groups[0].Targets;

    public required TlsSettings Tls { get; init; }

    public required ProxyOptions Proxy { get; init; }

    public required RegistryOptions Registry { get; init; }

    /// <summary>How long running calls may take to end after the balancer was told to stop. 0 to 1 hour, 5 s by default.</summary>
    public TimeSpan DrainTimeout { get; init; }

    /// <exception cref="ConfigurationException">A setting cannot be used.</exception>
    public static BalancerSettings Read(IConfiguration configuration)
    {
        var defaults = new ProxyOptions();
        return new BalancerSettings
        {
            Listeners = ReadListeners(configuration),
            Routes = RouteSettings.Read(configuration),
            Tls = TlsSettings.Read(configuration),
            Proxy = defaults with
            {
                ConnectTimeout = ReadTime(configuration, ConnectTimeoutKey, defaults.ConnectTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)),
                MaxConnectionAge = ReadAge(configuration),
                MaxRequestsPerConnection = ReadRequests(configuration),
                Loops = ReadLoops(configuration, defaults.Loops),
                PortableTransport = ReadPortable(configuration),
                Limits = LimitSettings.Read(configuration),
            },
            Registry = new RegistryOptions
            {
                Key = configuration[RegistryKeyKey] is { Length: > 0 } key ? key : null,
                RegistrationTimeout = ReadTime(configuration, RegistrationTimeoutKey, new RegistryOptions().RegistrationTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)),
            },
            DrainTimeout = ReadTime(configuration, DrainTimeoutKey, TimeSpan.FromSeconds(5), TimeSpan.Zero, TimeSpan.FromHours(1)),
        };
    }

    private static List<ListenerSettings> ReadListeners(IConfiguration configuration)
    {
        int? registryPort = configuration[RegistryPortKey] switch
        {
            null or "" => null,
            var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort => port,
            var text => throw new ConfigurationException(RegistryPortKey, text, "a port from 0 (any free one) to 65535"),
        };

        var listeners = Urls(configuration).Select(url => ListenerSettings.Parse(WebHostDefaults.ServerUrlsKey, url, registryPort)).ToList();
        if (registryPort is { } missing && listeners.TrueForAll(l => l.Kind != ListenerKind.Registry))
        {
            listeners.Add(ListenerSettings.Parse(RegistryPortKey, missing == 0 ? "http://127.0.0.1:0" : $"http://localhost:{missing}", missing));
        }

        if (listeners.TrueForAll(l => l.Kind != ListenerKind.Front)) throw new ConfigurationException(WebHostDefaults.ServerUrlsKey, configuration[WebHostDefaults.ServerUrlsKey], "a list that has an address for calls beside that of the registry");
        return listeners;
    }

    // The order in which ASP.NET Core looks: urls, else the port lists that container images set.
    private static List<string> Urls(IConfiguration configuration)
    {
        var urls = Split(configuration[WebHostDefaults.ServerUrlsKey]);
        if (urls.Count == 0)
        {
            urls.AddRange(Split(configuration[WebHostDefaults.HttpPortsKey]).Select(port => $"http://*:{port}"));
            urls.AddRange(Split(configuration[WebHostDefaults.HttpsPortsKey]).Select(port => $"https://*:{port}"));
        }

        return urls.Count == 0 ? [DefaultUrl] : urls;

        static List<string> Split(string? list) => [.. (list ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
    }

    private static int ReadLoops(IConfiguration configuration, int byDefault) => configuration[LoopsKey] switch
    {
        null or "" => byDefault,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 256 => count,
        var text => throw new ConfigurationException(LoopsKey, text, "a number of event loops from 1 to 256"),
    };

    // Below a tenth of a second the balancer would do little else than greet and part.
    private static TimeSpan ReadAge(IConfiguration configuration) =>
        configuration[MaxConnectionAgeKey] is "0" or "off" ? TimeSpan.Zero : ReadTime(configuration, MaxConnectionAgeKey, TimeSpan.Zero, TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(30));

    private static int ReadRequests(IConfiguration configuration) => configuration[MaxRequestsPerConnectionKey] switch
    {
        null or "" or "0" or "off" => 0,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1 => count,
        var text => throw new ConfigurationException(MaxRequestsPerConnectionKey, text, "a number of calls from 1 to 2147483647, or 0 for no limit"),
    };

    private static bool ReadPortable(IConfiguration configuration) => configuration[TransportKey] switch
    {
        null or "" or "auto" => false,
        "portable" => true,
        var text => throw new ConfigurationException(TransportKey, text, "auto, or portable for managed sockets alone"),
    };

    private static TimeSpan ReadTime(IConfiguration configuration, string key, TimeSpan byDefault, TimeSpan least, TimeSpan most) =>
        ReadTime(key, configuration[key], byDefault, least, most);

    /// <summary>A time in seconds or as hh:mm:ss.</summary>
    /// <exception cref="ConfigurationException">It is none, or out of its range.</exception>
    public static TimeSpan ReadTime(string key, string? text, TimeSpan byDefault, TimeSpan least, TimeSpan most)
    {
        if (string.IsNullOrWhiteSpace(text)) return byDefault;

        // "5" is five seconds; the framework alone would read five days.
        var time = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= most.TotalSeconds ? TimeSpan.FromSeconds(seconds)
            : text.Contains(':') && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var parsed) ? parsed
            : TimeSpan.MinValue;
        return time >= least && time <= most ? time : throw new ConfigurationException(key, text, $"a time from {least} to {most}, in seconds or as hh:mm:ss");
    }
}
