using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using RouteGuide.Interop.Cli;

namespace RouteGuide.Interop.Server;

/// <summary>Serves <c>grpc.testing.TestService</c> over HTTP/2.</summary>
internal sealed class InteropServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private InteropServer(WebApplication app) => _app = app;

    public int Port { get; private set; }

    /// <exception cref="UsageException">The certificate cannot be used.</exception>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<InteropServer> StartAsync(ServerSettings settings)
    {
        var certificate = settings.CertificateFile is null ? null : Load(settings.CertificateFile, settings.KeyFile!);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.ListenAnyIP(settings.Port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (certificate is not null) listen.UseHttps(certificate);
        }));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<LoadReports>();
        builder.Services.AddSingleton<InteropService>();
        var app = builder.Build();
        app.UseRequestWatch();
        // UnimplementedService stays unmapped: that it is not there is what its case is about.
        app.MapGrpcService<InteropService>();
        app.MapGrpcService<LoadReports>();
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new InteropServer(app) { Port = BindingAddress.Parse(address).Port };
    }

    public Task WaitForShutdownAsync() => _app.WaitForShutdownAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static X509Certificate2 Load(string certificate, string key)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(certificate, key);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new UsageException($"--cert '{certificate}' with --key '{key}' cannot be used: {problem.Message}", problem);
        }
    }
}
