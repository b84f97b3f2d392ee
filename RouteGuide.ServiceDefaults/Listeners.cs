using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;

namespace RouteGuide.ServiceDefaults;

/// <summary>Which protocols Kestrel speaks on the addresses that <c>ASPNETCORE_URLS</c> (or <c>--urls</c>) names.</summary>
public static class Listeners
{
    /// <summary>
    /// Names the port that serves <c>/health</c> and <c>/alive</c> over HTTP/1.1, beside the ports of the service itself.
    /// </summary>
    public const string ManagementPortKey = "MANAGEMENT_PORT";

    /// <summary>
    /// <c>http://</c> is HTTP/2 with prior knowledge, which is what gRPC without TLS needs: on a cleartext connection nothing but the
    /// port can tell HTTP/1.1 and HTTP/2 apart. <c>https://</c> is HTTP/1.1 and HTTP/2 by ALPN. The management port is HTTP/1.1.
    /// A <c>Kestrel:Endpoints</c> section wins over all of this.
    /// </summary>
    /// <exception cref="ConfigurationException">An address or the management port cannot be read.</exception>
    public static void UseGrpcListeners(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        if (configuration.GetSection("Kestrel:Endpoints").GetChildren().Any()) return;

        var management = ManagementPort(configuration);
        var urls = configuration[WebHostDefaults.ServerUrlsKey] ?? "http://localhost:5000";
        var addresses = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Parse).ToList();

        // Kestrel would bind the urls a second time, and warn about it.
        builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, null);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (var address in addresses) Listen(kestrel, address, management);

            if (management is { } port && addresses.TrueForAll(a => a.Port != port))
            {
                kestrel.ListenLocalhost(port, listen => listen.Protocols = HttpProtocols.Http1);
            }
        });
    }

    /// <summary>The management port, or null where none is configured.</summary>
    /// <exception cref="ConfigurationException">It is no port.</exception>
    public static int? ManagementPort(IConfiguration configuration) => configuration[ManagementPortKey] switch
    {
        null or "" => null,
        var text when int.TryParse(text, out var port) && port is > 0 and <= IPEndPoint.MaxPort => port,
        var text => throw new ConfigurationException(ManagementPortKey, text, "a port from 1 to 65535"),
    };

    private static BindingAddress Parse(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            if (address.Scheme is "http" or "https" && !address.IsUnixPipe && !address.IsNamedPipe && address.PathBase.Length == 0) return address;
        }
        catch (FormatException)
        {
            // Said below, with the name of the setting.
        }

        throw new ConfigurationException(WebHostDefaults.ServerUrlsKey, url, "http://host:port or https://host:port");
    }

    private static void Listen(KestrelServerOptions kestrel, BindingAddress address, int? management)
    {
        void Configure(ListenOptions listen)
        {
            if (address.Scheme == "https")
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps();
            }
            else
            {
                listen.Protocols = address.Port == management ? HttpProtocols.Http1 : HttpProtocols.Http2;
            }
        }

        if (string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase)) kestrel.ListenLocalhost(address.Port, Configure);
        else if (IPAddress.TryParse(address.Host, out var ip)) kestrel.Listen(ip, address.Port, Configure);
        else kestrel.ListenAnyIP(address.Port, Configure);
    }
}
