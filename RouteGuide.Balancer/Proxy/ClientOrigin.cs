using System.Globalization;
using System.Net;
using RouteGuide.Balancer.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>Where the calls of one connection come from, as fields made once, so that encoders know them again.</summary>
internal sealed class ClientOrigin(IPEndPoint remote, IPEndPoint local, bool isTls)
{
    private static readonly HeaderEntry Http = new("x-forwarded-proto", "http");
    private static readonly HeaderEntry Https = new("x-forwarded-proto", "https");

    /// <summary>The client's end.</summary>
    public IPEndPoint Remote { get; } = remote;

    public HeaderEntry ForwardedFor { get; } = new("x-forwarded-for", (remote.Address.IsIPv4MappedToIPv6 ? remote.Address.MapToIPv4() : remote.Address).ToString());

    public HeaderEntry ForwardedProto { get; } = isTls ? Https : Http;

    public HeaderEntry ForwardedPort { get; } = new("x-forwarded-port", local.Port.ToString(CultureInfo.InvariantCulture));
}
