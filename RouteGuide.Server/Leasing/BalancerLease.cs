using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RouteGuide.Registry.V1;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Server.Leasing;

/// <summary>
/// Keeps this replica registered with the balancer: one open stream is the lease, and it is taken again whenever it breaks.
/// Healthy, as a check, while the lease is granted, or where there is no registry to ask.
/// </summary>
internal sealed partial class BalancerLease(
    LeaseOptions options,
    ReplicaIdentity replica,
    IServer server,
    IConfiguration configuration,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<BalancerLease> logger) : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _release = new();
    private readonly TaskCompletionSource<string> _drainAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _granted;
    private volatile string? _problem = "not registered yet";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        options.Registry is null || _granted ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(_problem));

    /// <summary>Completes, with the reason, when the balancer asks this replica to drain: it sends nothing new from then on.</summary>
    public Task<string> DrainAsked => _drainAsked.Task;

    /// <summary>Gives the lease back: from its return on, or as soon as the balancer has noticed, no new call comes.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        await _release.CancelAsync();
        if (ExecuteTask is not null) await ExecuteTask.WaitAsync(cancellationToken);
    }

    public override void Dispose()
    {
        base.Dispose();
        _release.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Registry is null) return;

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, _release.Token);
        if (!await Started(stop.Token)) return;

        using var handler = new SocketsHttpHandler
        {
            // A balancer that is gone without a word is noticed within seconds.
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
            ConnectTimeout = TimeSpan.FromSeconds(5),
        };
        using var channel = GrpcChannel.ForAddress(options.Registry, new GrpcChannelOptions { HttpHandler = handler });
        var client = new Registry.V1.Registry.RegistryClient(channel);
        var backoff = FirstBackoff;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await Hold(client, stop.Token);
                if (stop.IsCancellationRequested || DrainAsked.IsCompleted) return;
                Lost("the balancer ended the lease");
            }
            catch (RpcException error)
            {
                if (stop.IsCancellationRequested || DrainAsked.IsCompleted) return;
                Lost($"{error.StatusCode}: {error.Status.Detail}");
            }
            catch (ConfigurationException error)
            {
                // Trying again would not change it.
                _problem = error.Message;
                LogNoAddress(error.Message);
                return;
            }

            if (_granted) backoff = FirstBackoff;
            _granted = false;
            try
            {
                // Jitter, so that replicas do not come back in step when a balancer restarts.
                await Task.Delay(backoff * (0.5 + Random.Shared.NextDouble()), time, stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            backoff = backoff * 2 < MaxBackoff ? backoff * 2 : MaxBackoff;
        }
    }

    /// <summary>Holds one lease until it ends. Ends it itself, by half-closing, when the replica stops or is told to drain.</summary>
    private async Task Hold(Registry.V1.Registry.RegistryClient client, CancellationToken stop)
    {
        var headers = new Metadata { { "authorization", $"Bearer {options.Key}" } };
        using var call = client.Lease(headers, cancellationToken: CancellationToken.None);
        await call.RequestStream.WriteAsync(new LeaseRequest { Registration = new Registration { Replica = replica.Name, Address = Address(), TargetGroup = options.Group, Weight = options.Weight } }, stop);
        // If completing fails, the call has ended, and the loop below says how.
        using var ending = stop.UnsafeRegister(static state => _ = ((IClientStreamWriter<LeaseRequest>)state!).CompleteAsync(), call.RequestStream);

        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            switch (call.ResponseStream.Current.MessageCase)
            {
                case LeaseResponse.MessageOneofCase.Granted:
                    _granted = true;
                    _problem = null;
                    LogGranted(replica.Name, options.Registry!);
                    break;
                case LeaseResponse.MessageOneofCase.Drain:
                    _problem = $"drained: {call.ResponseStream.Current.Drain.Reason}";
                    _granted = false;
                    _drainAsked.TrySetResult(call.ResponseStream.Current.Drain.Reason);
                    break;
            }
        }
    }

    /// <summary>The listeners have ports only when the host has started.</summary>
    private async Task<bool> Started(CancellationToken cancellationToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        try
        {
            await started.Task.WaitAsync(cancellationToken);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private string Address()
    {
        if (options.Advertise is not null) return options.Advertise.GetLeftPart(UriPartial.Authority);

        var management = Listeners.ManagementPort(configuration);
        var listening = server.Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(BindingAddress.Parse)
            .FirstOrDefault(address => address.Scheme == "http" && address.Port != management)
            ?? throw new ConfigurationException("the replica has no http address to announce to the balancer: set ASPNETCORE_URLS or ADVERTISED_ADDRESS.");
        // A wildcard is no place to call: the balancer is on this machine unless ADVERTISED_ADDRESS says otherwise.
        var host = IPAddress.TryParse(listening.Host, out var ip) && !ip.Equals(IPAddress.Any) && !ip.Equals(IPAddress.IPv6Any)
            ? listening.Host
            : "127.0.0.1";
        return $"http://{host}:{listening.Port}";
    }

    private void Lost(string why)
    {
        _problem = why;
        LogLost(options.Registry!, why);
    }

    [LoggerMessage(20, LogLevel.Information, "Registered as {Replica} with the balancer at {Registry}.")]
    private partial void LogGranted(string replica, Uri registry);

    [LoggerMessage(21, LogLevel.Error, "No lease with the balancer: {Why}")]
    private partial void LogNoAddress(string why);

    [LoggerMessage(22, LogLevel.Warning, "No lease with the balancer at {Registry}: {Why}. Trying again.")]
    private partial void LogLost(Uri registry, string why);
}
