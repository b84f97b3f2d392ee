using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

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
        var addresses = Urls(configuration).Select(Parse).ToList();
        if (management is { } port && addresses.TrueForAll(address => address.Port != port)) addresses.Add(Parse($"http://localhost:{port}"));

        var unbound = addresses.ToList();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(listen =>
        {
            // Kestrel does not say here which of its addresses it is about; their ports tell them apart, and where two are 0, their order.
            var address = unbound.Find(candidate => candidate.Port == listen.IPEndPoint?.Port);
            if (address is null) return;
            unbound.Remove(address);
            listen.Protocols = address.Scheme == "https" ? HttpProtocols.Http1AndHttp2 : address.Port == management ? HttpProtocols.Http1 : HttpProtocols.Http2;
        }));
        builder.Services.AddHostedService(services => new OfferAddresses(services.GetRequiredService<IServer>(), addresses));
    }

    /// <summary>The management port, or null where none is configured.</summary>
    /// <exception cref="ConfigurationException">It is no port.</exception>
    public static int? ManagementPort(IConfiguration configuration) => configuration[ManagementPortKey] switch
    {
        null or "" => null,
        var text when int.TryParse(text, out var port) && port is > 0 and <= IPEndPoint.MaxPort => port,
        var text => throw new ConfigurationException(ManagementPortKey, text, "a port from 1 to 65535"),
    };

    // The same settings, and the same order among them, as the host's own; HTTP_PORTS is what container images set.
    private static IEnumerable<string> Urls(IConfiguration configuration)
    {
        static string[] Split(string? list) => (list ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        if (Split(configuration[WebHostDefaults.ServerUrlsKey]) is { Length: > 0 } urls) return urls;
        string[] ports =
        [
            .. Split(configuration[WebHostDefaults.HttpPortsKey]).Select(port => $"http://*:{port}"),
            .. Split(configuration[WebHostDefaults.HttpsPortsKey]).Select(port => $"https://*:{port}"),
        ];
        return ports.Length > 0 ? ports : ["http://localhost:5000"];
    }

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

    /// <summary>Gives the server its addresses before the host does, which has none for the management port.</summary>
    private sealed class OfferAddresses(IServer server, IReadOnlyList<BindingAddress> addresses) : IHostedLifecycleService
    {
        public Task StartingAsync(CancellationToken cancellationToken)
        {
            var offered = server.Features.Get<IServerAddressesFeature>()?.Addresses;
            if (offered is { Count: 0, IsReadOnly: false })
            {
                foreach (var address in addresses) offered.Add(address.ToString());
            }

            return Task.CompletedTask;
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
