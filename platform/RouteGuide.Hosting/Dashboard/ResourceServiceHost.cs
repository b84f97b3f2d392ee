using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Dashboard;

/// <summary>
/// Listens for dashboards, on this machine alone and only for those who know the key. A web server of its own: what it does and how it
/// fails is no affair of the application's.
/// </summary>
internal sealed class ResourceServiceHost(
    DashboardSettings settings,
    ResourceNotificationService notifications,
    ResourceLoggerService loggers,
    ResourceCommandService commands,
    IHostEnvironment environment,
    DevelopmentCertificates certificates) : IAsyncDisposable
{
    public const string KeyHeader = "x-resource-service-api-key";

    private const int MaxConnections = 64;
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private WebApplication? _server;
    private X509Certificate2? _certificate;

    /// <summary>Where it listens; null before it does.</summary>
    public Uri? Address { get; private set; }

    /// <summary>Begins to listen.</summary>
    /// <exception cref="DistributedApplicationException">The address that was asked for is in use, or cannot be listened on.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var asked = settings.ResourceServiceUrl;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.AddServerHeader = false;
            if (IPAddress.TryParse(asked.Host.Trim('[', ']'), out var address)) kestrel.Listen(address, asked.Port, Configure);
            else if (asked.Port == 0) kestrel.Listen(IPAddress.Loopback, 0, Configure);
            else kestrel.ListenLocalhost(asked.Port, Configure);
        });
        if (asked.Scheme == Uri.UriSchemeHttps) builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(new ResourceService(notifications, loggers, commands, environment, _stopping.Token));
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = StopPatience);
        var server = builder.Build();
        server.UseRouting();
        server.Use(CheckKeyAsync);
        server.MapGrpcService<ResourceService>();
        try
        {
            await server.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException fault)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw new DistributedApplicationException($"The resource service cannot listen on {asked}: {fault.Message}", fault);
        }

        _server = server;
        var bound = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Address = new UriBuilder(asked) { Port = bound.Port }.Uri;
    }

    /// <summary>Stops to listen; streams that are open end.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _server, null) is not { } server) return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await server.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await server.DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _certificate?.Dispose();
        _stopping.Dispose();
    }

    private void Configure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http2;
        if (settings.ResourceServiceUrl.Scheme != Uri.UriSchemeHttps) return;
        var (certificatePath, keyPath) = (certificates.Get().CertificatePath, certificates.Get().KeyPath);
        using var made = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);

        // A key that is only in memory is not enough for every system's TLS.
        _certificate = OperatingSystem.IsWindows() ? X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), password: null) : X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
        listen.UseHttps(_certificate);
    }

    private Task CheckKeyAsync(HttpContext context, RequestDelegate next)
    {
        // Hashed first, so that neither the content nor the length of the key shows in the time.
        var given = SHA256.HashData(Encoding.UTF8.GetBytes(context.Request.Headers[KeyHeader].ToString()));
        if (CryptographicOperations.FixedTimeEquals(given, SHA256.HashData(Encoding.UTF8.GetBytes(settings.ResourceServiceKey)))) return next(context);

        // Clients of gRPC take this for UNAUTHENTICATED.
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }
}
