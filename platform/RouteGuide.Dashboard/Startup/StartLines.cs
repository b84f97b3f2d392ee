using Microsoft.AspNetCore.Hosting.Server;
using RouteGuide.Dashboard.Settings;

namespace RouteGuide.Dashboard.Startup;

/// <summary>Says on the console where everything is. IDEs read the line with the token: its wording is not ours to change.</summary>
/// <param name="options">What was asked for.</param>
/// <param name="ports">Where it is.</param>
/// <param name="server">The server.</param>
internal sealed class StartLines(DashboardOptions options, Ports ports, IServer server) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        ports.Note(server);
        Console.WriteLine($"Now listening on: {ports.Frontend}");
        if (ports.OtlpGrpc is { } grpc) Console.WriteLine($"OTLP/gRPC listening on: {grpc}");
        if (ports.OtlpHttp is { } http) Console.WriteLine($"OTLP/HTTP listening on: {http}");
        if (options.FrontendAuth == FrontendAuthMode.BrowserToken) Console.WriteLine($"Login to the dashboard at {ports.Frontend}/login?t={Uri.EscapeDataString(options.BrowserToken)}");
        else Console.WriteLine("The dashboard is unsecured: everyone who reaches its port sees all that it knows.");
        if (options.OtlpAuth == OtlpAuthMode.Unsecured) Console.WriteLine("Telemetry is taken from everyone who reaches its port.");
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
