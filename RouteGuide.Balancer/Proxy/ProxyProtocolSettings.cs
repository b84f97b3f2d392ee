using System.Diagnostics.CodeAnalysis;
using System.Net;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Proxy;

/// <summary>Attributes of a listener that stands behind a proxy which says whose connections it passes on.</summary>
internal sealed record ProxyProtocolSettings : IChecked
{
    [Setting("receive", "whether every connection begins with a PROXY protocol header, version 1 or 2, whose address is the client's from then on; one without is closed")]
    public bool Receive { get; init; }

    [Setting("trusted", "the address ranges of the proxies (`10.0.0.0/8`); connections from elsewhere are closed")]
    public IReadOnlyList<AddressRange> Trusted { get; init; } = [];

    /// <summary>3 s and more leave room for one lost packet.</summary>
    [Setting("timeout_seconds", "how long the header may take", Least = 0.1, Most = 60)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    public IEnumerable<SettingProblem> Check()
    {
        // Whoever may say whose connection it is may say anything.
        if (Receive && Trusted.Count == 0) yield return new SettingProblem("trusted", null, "the address ranges of the proxies, as proxy_protocol.receive is on; 0.0.0.0/0,::/0 for any");
    }
}

/// <summary>Addresses that begin alike: <c>10.0.0.0/8</c>, or one address.</summary>
internal sealed class AddressRange : ISettingValue<AddressRange>
{
    private readonly IPNetwork _network;

    private AddressRange(IPNetwork network) => _network = network;

    public static string Expected => "an address range such as 10.0.0.0/8 or fd00::/8, or one address";

    public static bool TryParse(string text, [NotNullWhen(true)] out AddressRange? value, out string? expected)
    {
        expected = null;
        value = null;
        if (IPNetwork.TryParse(text, out var network)) value = new AddressRange(network);
        else if (IPAddress.TryParse(text, out var one)) value = new AddressRange(new IPNetwork(one, one.GetAddressBytes().Length * 8));
        return value is not null;
    }

    public bool Contains(IPAddress address) => _network.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    public override string ToString() => _network.ToString();
}
