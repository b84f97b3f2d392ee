using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Configuration;

/// <summary>A listener as configured.</summary>
internal sealed record ListenerConfiguration
{
    [Setting("Url", "where it listens: `https://host:port` or `http://host:port`", Required = true)]
    public string Url { get; init; } = "";

    [Setting("Attributes", "how it behaves")]
    public ListenerAttributes Attributes { get; init; } = new();
}

/// <summary>The attributes of a listener.</summary>
internal sealed record ListenerAttributes;
