using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Proxy.Tcp;

/// <summary>Attributes of a listener in TCP mode.</summary>
internal sealed record TcpSettings
{
    /// <summary>How long both ends may be silent until the connection is reset. Off, or 1 s to 6000 s; 350 s by default, as AWS's Network Load Balancer has it.</summary>
    [Setting("idle_timeout.seconds", "how long both ends of a connection may be silent until it is reset", Least = 1, Most = 6000, ZeroIsOff = true)]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(350);
}

/// <summary>Attributes of a target group that listeners in TCP mode go by.</summary>
internal sealed record TcpGroupSettings
{
    [Setting("enabled", "whether targets are told whose connection it is, by PROXY protocol version 2; they have to expect it")]
    public bool SendsProxyHeader { get; init; }
}
