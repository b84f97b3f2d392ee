using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Server.Lifecycle;

/// <summary>Says once, in one line, who this is and where it listens: three replicas share a console.</summary>
internal sealed partial class StartLine(IServer server, ReplicaIdentity replica, IConfiguration configuration, ILogger<StartLine> logger) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var management = Listeners.ManagementPort(configuration);
        var addresses = server.Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(address => BindingAddress.Parse(address).Port == management ? $"{address} (health)" : address);
        LogListening(replica.Name, string.Join(", ", addresses));
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1, LogLevel.Information, "{Replica} answers on {Addresses}")]
    private partial void LogListening(string replica, string addresses);
}
