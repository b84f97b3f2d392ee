using RouteGuide.Balancer.Routing.Sources;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Proxy;

/// <summary>Attributes of a listener that stands behind a proxy which says whose connections it passes on.</summary>
internal sealed record ProxyProtocolSettings : IChecked
{
    [Setting("receive", "whether every connection begins with a PROXY protocol header, version 1 or 2, whose address is the client's from then on; one without is closed")]
    public bool Receive { get; init; }

    [Setting("trusted", "the addresses of the proxies, as blocks such as `10.0.0.0/8`; connections from elsewhere are closed", Most = SourceSettings.MaxBlocks)]
    public IReadOnlyList<CidrBlock> Trusted { get; init; } = [];

    /// <summary>3 s and more leave room for one lost packet.</summary>
    [Setting("timeout_seconds", "how long the header may take", Least = 0.1, Most = 60)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    public IEnumerable<SettingProblem> Check()
    {
        // Whoever may say whose connection it is may say anything.
        if (Receive && Trusted.Count == 0) yield return new SettingProblem("trusted", null, "the addresses of the proxies, as proxy_protocol.receive is on; 0.0.0.0/0,::/0 for any");
    }
}
