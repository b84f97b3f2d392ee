using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Tcp;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Configuration;

/// <summary>A listener as configured.</summary>
internal sealed record ListenerConfiguration
{
    [Setting("Url", "where it listens: `https://host:port`, `http://host:port`, or `tcp://host:port` for connections that are passed on whole", Required = true)]
    public string Url { get; init; } = "";

    [Setting("Attributes", "how it behaves")]
    public ListenerAttributes Attributes { get; init; } = new();
}

/// <summary>The attributes of a listener.</summary>
internal sealed record ListenerAttributes
{
    [Setting("proxy_protocol", "what a proxy before it says")]
    public ProxyProtocolSettings ProxyProtocol { get; init; } = new();

    [Setting("tcp", "for `tcp://` alone")]
    public TcpSettings Tcp { get; init; } = new();
}
