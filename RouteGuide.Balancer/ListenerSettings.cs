using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using RouteGuide.Balancer.Configuration;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer;

/// <summary>One address that the balancer listens on.</summary>
internal sealed record ListenerSettings(ListenerKind Kind, string Scheme, string Host, int Port)
{
    private const string Expected = "http://host:port, https://host:port or tcp://host:port";

    /// <summary>The name that it has in the settings, or its url.</summary>
    public string Name { get => field ?? ToString(); init; }

    /// <summary>How it behaves.</summary>
    public ListenerAttributes Attributes { get; init; } = new();

    /// <summary>Its own rules; if it has neither these nor <see cref="DefaultActions"/>, those in short count.</summary>
    public IReadOnlyList<ListenerRule> Rules { get; init; } = [];

    /// <summary>What becomes of requests that no rule is for: one or none.</summary>
    public IReadOnlyList<ActionSettings> DefaultActions { get; init; } = [];

    /// <summary>How calls are treated that no rule says more of.</summary>
    public CallSettings DefaultCalls { get; init; } = new();

    /// <summary>How the calls of a rule are treated.</summary>
    /// <param name="priority">The rule's; 0 for the default.</param>
    public CallSettings CallsOf(int priority) => Rules.FirstOrDefault(r => r.Priority == priority)?.Attributes ?? DefaultCalls;

    public bool IsTls => Scheme == "https";

    /// <summary>Connections are passed on whole.</summary>
    public bool IsTcp => Scheme == "tcp";

    /// <param name="setting">The name of the setting that it comes from, for errors.</param>
    /// <param name="url"><c>http://host:port</c>, <c>https://host:port</c> or <c>tcp://host:port</c>; <c>*</c> and <c>+</c> are all addresses.</param>
    /// <param name="registryPort">The port that makes it the registry's, or null.</param>
    /// <exception cref="ConfigurationException">The url cannot be listened on, or must not be.</exception>
    public static ListenerSettings Parse(string setting, string url, int? registryPort)
    {
        BindingAddress address;
        try
        {
            address = BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            throw new ConfigurationException(setting, url, Expected);
        }

        if (address.Scheme is not ("http" or "https" or "tcp") || address.IsUnixPipe || address.IsNamedPipe || address.PathBase.Length > 0 || address.Port is < 0 or > IPEndPoint.MaxPort)
        {
            throw new ConfigurationException(setting, url, Expected);
        }

        var isRegistry = registryPort > 0 ? address.Port == registryPort : setting == BalancerSettings.RegistryPortKey;
        var listener = new ListenerSettings(isRegistry ? ListenerKind.Registry : ListenerKind.Front, address.Scheme, address.Host, address.Port);
        if (!isRegistry) return listener;

        // Who may register a target may read all calls: the registry never leaves the machine.
        if (listener.Scheme != "http") throw new ConfigurationException(setting, url, $"plaintext http, as the registry on port {registryPort} must be");
        if (!listener.IsLoopback) throw new ConfigurationException(setting, url, $"a loopback address, as the registry on port {registryPort} must be");
        return listener;
    }

    /// <summary>The same for the status page, which shows more than strangers should know.</summary>
    /// <param name="setting">The name of the setting that says so.</param>
    /// <exception cref="ConfigurationException">It must not be there.</exception>
    public ListenerSettings AsAdmin(string setting)
    {
        if (Kind == ListenerKind.Registry) throw new ConfigurationException(setting, ToString(), "a port of its own: this one is the registry's");
        if (Scheme != "http" || !IsLoopback) throw new ConfigurationException(setting, ToString(), "plaintext http on a loopback address, as the status page must be: http://localhost:port");
        return this with { Kind = ListenerKind.Admin };
    }

    /// <summary>The addresses to listen on; all of them have to be free.</summary>
    public IReadOnlyList<IPEndPoint> Addresses =>
        IsLocalhost && Port != 0 && Socket.OSSupportsIPv6 ? [new IPEndPoint(IPAddress.Loopback, Port), new IPEndPoint(IPAddress.IPv6Loopback, Port)]
        : IsLocalhost ? [new IPEndPoint(IPAddress.Loopback, Port)]
        : IPAddress.TryParse(Host.Trim('[', ']'), out var ip) ? [new IPEndPoint(ip, Port)]
        : [new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, Port)];

    /// <summary>For Kestrel.</summary>
    public void Bind(KestrelServerOptions kestrel, Action<ListenOptions> configure)
    {
        if (IsLocalhost && Port != 0) kestrel.ListenLocalhost(Port, configure);
        else kestrel.Listen(Addresses[0], configure);
    }

    public override string ToString() => $"{Scheme}://{Host}:{Port}";

    private bool IsLocalhost => Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private bool IsLoopback => IsLocalhost || (IPAddress.TryParse(Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
}
