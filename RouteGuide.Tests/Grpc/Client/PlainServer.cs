using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>A Kestrel server without any gRPC library: one handler answers every request, as well or as badly as the test wants.</summary>
internal sealed class PlainServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private PlainServer(WebApplication application) => _application = application;

    public Uri Address => new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>Starts a server on the loopback interface, that of IPv4 and on a free port unless others are named: plaintext HTTP/2 unless <paramref name="listen"/> says otherwise.</summary>
    public static async Task<PlainServer> Start(RequestDelegate handler, Action<ListenOptions>? listen = null, ReservedPort? port = null, System.Net.IPAddress? address = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(options =>
        {
            void Configure(ListenOptions listening)
            {
                listening.Protocols = HttpProtocols.Http2;
                listen?.Invoke(listening);
            }

            if (port is null) options.Listen(address ?? System.Net.IPAddress.Loopback, 0, Configure);
            else options.ListenHandle((ulong)port.Handle, Configure);
        });
        var application = builder.Build();
        application.Run(handler);
        await application.StartAsync();
        return new PlainServer(application);
    }

    public async ValueTask DisposeAsync()
    {
        // Tests leave calls open on purpose: there is nothing to wait for.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
    }
}
