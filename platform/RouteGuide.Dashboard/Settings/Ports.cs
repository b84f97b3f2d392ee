using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace RouteGuide.Dashboard.Settings;

/// <summary>What a port is for. A request is answered only by what belongs to the port it came in by.</summary>
internal enum PortKind
{
    Frontend,
    OtlpGrpc,
    OtlpHttp,
}

/// <summary>Marks the connections of a port.</summary>
/// <param name="Kind">What it is for.</param>
internal sealed record PortMark(PortKind Kind);

/// <summary>Listens where the options say, and knows afterwards where that is.</summary>
/// <param name="options">Where to listen.</param>
internal sealed class Ports(DashboardOptions options)
{
    private readonly List<(PortKind Kind, BindingAddress Address)> _wanted =
    [
        .. options.Frontend.Select(address => (PortKind.Frontend, address)),
        .. options.OtlpGrpc is { } grpc ? [(PortKind.OtlpGrpc, grpc)] : Array.Empty<(PortKind, BindingAddress)>(),
        .. options.OtlpHttp is { } http ? [(PortKind.OtlpHttp, http)] : Array.Empty<(PortKind, BindingAddress)>(),
    ];

    private string[] _bound = [];

    /// <summary>The address of the pages, with a host that a browser on this machine understands.</summary>
    public string Frontend => Of(PortKind.Frontend) ?? options.Frontend[0].ToString();

    public string? OtlpGrpc => Of(PortKind.OtlpGrpc);

    public string? OtlpHttp => Of(PortKind.OtlpHttp);

    public static PortKind KindOf(HttpContext context) => context.Features.Get<PortMark>()?.Kind ?? PortKind.Frontend;

    public void Listen(KestrelServerOptions kestrel)
    {
        foreach (var (kind, address) in _wanted)
        {
            void Configure(ListenOptions listen)
            {
                // Without TLS nothing but the port can tell HTTP/1.1 and HTTP/2 apart.
                listen.Protocols = address.Scheme == "https" ? HttpProtocols.Http1AndHttp2 : kind == PortKind.OtlpGrpc ? HttpProtocols.Http2 : HttpProtocols.Http1;
                var mark = new PortMark(kind);
                listen.Use(next => connection =>
                {
                    connection.Features.Set(mark);
                    return next(connection);
                });
                if (address.Scheme == "https") listen.UseHttps();
            }

            if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip)) kestrel.Listen(ip, address.Port, Configure);
            else if (!IsLocalhost(address.Host)) kestrel.ListenAnyIP(address.Port, Configure);
            else if (address.Port == 0) kestrel.Listen(IPAddress.Loopback, 0, Configure);
            else kestrel.ListenLocalhost(address.Port, Configure);
        }
    }

    /// <summary>Notes where the server listens, now that it does: where 0 was asked for there is a port.</summary>
    public void Note(IServer server)
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses.ToArray() ?? [];
        _bound = [.. _wanted.Select((wanted, i) => $"{wanted.Address.Scheme}://{HostOf(wanted.Address)}:{(i < addresses.Length ? BindingAddress.Parse(addresses[i]).Port : wanted.Address.Port)}")];
    }

    public static bool IsLocalhost(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private string? Of(PortKind kind)
    {
        var at = _wanted.FindIndex(wanted => wanted.Kind == kind);
        return at < 0 ? null : at < _bound.Length ? _bound[at] : _wanted[at].Address.ToString();
    }

    // "Any address" is none to go to.
    private static string HostOf(BindingAddress address) => address switch
    {
        { Host: "*" or "+" } => "localhost",
        _ when IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) => ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any) ? "localhost" : ip.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{ip}]" : $"{ip}",
        _ => address.Host,
    };
}
