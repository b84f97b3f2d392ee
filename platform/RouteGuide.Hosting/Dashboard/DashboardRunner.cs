using System.Net;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;
using Aspire.Hosting.Execution;
using Aspire.Hosting.Reporting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Dashboard;

/// <summary>
/// Starts the dashboard beside the application, says where it is, and starts it again where it ends by itself, though not for ever. It is
/// a help and no part of the application: whatever becomes of it, the application goes on.
/// </summary>
internal sealed class DashboardRunner(
    DashboardSettings settings,
    DashboardSource source,
    ResourceServiceHost resourceService,
    DistributedApplicationModel model,
    InstanceServices services,
    DevelopmentCertificates certificates,
    IHostEnvironment environment,
    IConfiguration configuration,
    TimeProvider time) : IDisposable
{
    private const int MaxRestarts = 5;
    private static readonly TimeSpan RestartWindow = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly UsualPort _usualPort = new();
    private DashboardResource? _resource;
    private ResourceRunner? _runner;
    private Task _running = Task.CompletedTask;

    /// <summary>Done when dashboards can ask what runs.</summary>
    public Task Listening => _listening.Task;

    private ConsoleReporter Console => services.Console;

    /// <summary>Puts the dashboard among the resources, where there is one, so that it gets its addresses before anything starts.</summary>
    public void Prepare()
    {
        if (!settings.IsEnabled || source.Program is not { } program) return;
        if (!File.Exists(program.Assembly))
        {
            Console.Say($"The dashboard is not at '{program.Assembly}': build the app host again. The application starts without it.");
            return;
        }

        var isShown = string.Equals(configuration["ASPIRE_SHOW_DASHBOARD_RESOURCES"], "true", StringComparison.OrdinalIgnoreCase);
        _resource = new DashboardResource(program, settings, certificates, ResourceService.ApplicationName(environment.ApplicationName), isShown, () => resourceService.Address);
        _resource.ChoosePort(_usualPort);
        model.Resources.Add(_resource);
        _runner = new ResourceRunner(_resource, services);
    }

    /// <summary>Lets the other resources know where their telemetry goes. The addresses are known by now.</summary>
    public void Announce()
    {
        if (_resource is null) return;
        configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = _resource.OtlpGrpc;
        configuration["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = _resource.OtlpHttp;
        configuration["AppHost:OtlpApiKey"] = settings.OtlpKey;
    }

    /// <summary>Starts the dashboard, and what it asks the app host by; returns at once.</summary>
    public void Begin()
    {
        if (_resource is not null || settings.ServesResources) _running = Task.Run(() => RunAsync(_stopping.Token));
    }

    /// <summary>Ends the dashboard.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_runner is not null) await _runner.CloseAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        await resourceService.StopAsync().ConfigureAwait(false);
    }

    public void Dispose()
    {
        _runner?.Dispose();
        _usualPort.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await resourceService.StartAsync(cancellationToken).ConfigureAwait(false);
            _listening.TrySetResult();
            if (_resource is not null) await KeepRunningAsync(_resource, _runner!.Instances[0], cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested || services.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // The application stops.
        }
        catch (Exception fault)
        {
            Console.Error($"There is no dashboard: {fault.Message}");
            _listening.TrySetException(fault);
        }
    }

    private async Task KeepRunningAsync(DashboardResource resource, Instance instance, CancellationToken cancellationToken)
    {
        var ends = new Queue<long>();
        while (true)
        {
            await instance.StartAsync(cancellationToken).ConfigureAwait(false);
            if (await IsListeningAsync(resource, instance.Name, cancellationToken).ConfigureAwait(false)) SayWhere(resource);
            var ended = await services.Notifications.WaitForResourceAsync(instance.Name, e => HasEnded(e.Snapshot), cancellationToken).ConfigureAwait(false);
            if (ended.Snapshot.IsStoppedOnDemand)
            {
                await services.Notifications.WaitForResourceAsync(instance.Name, e => !HasEnded(e.Snapshot), cancellationToken).ConfigureAwait(false);
                continue;
            }

            ends.Enqueue(time.GetTimestamp());
            while (time.GetElapsedTime(ends.Peek()) > RestartWindow) ends.Dequeue();
            var how = await HowItEndedAsync(ended).ConfigureAwait(false);
            if (ends.Count > MaxRestarts)
            {
                Console.Error($"The dashboard {how}; after {MaxRestarts} new starts within {RestartWindow.TotalMinutes:0} minutes it is left alone. The application goes on without it.");
                return;
            }

            Console.Say($"The dashboard {how}; it starts again.");
            await Task.Delay(FirstPause * ends.Count, time, cancellationToken).ConfigureAwait(false);
            if (!resource.HasLostPort()) continue;
            resource.ChoosePort(_usualPort);
            await services.Endpoints.AllocateAsync(resource, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until somebody listens on the dashboard's port; false if it has ended before.</summary>
    private async Task<bool> IsListeningAsync(DashboardResource resource, string instance, CancellationToken cancellationToken)
    {
        while (services.Notifications.TryGetCurrentState(instance, out var now) && !HasEnded(now.Snapshot))
        {
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, resource.Port, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (SocketException)
            {
                await Task.Delay(Poll, time, cancellationToken).ConfigureAwait(false);
            }
        }

        return false;
    }

    // Editors and dotnet watch read the login line: its words are Aspire's.
    private void SayWhere(DashboardResource resource) => Console.Say($"""
            Now listening on: {resource.Url}
            Login to the dashboard at {resource.LoginUrl}
            Aspire Dashboard
              - Dashboard: {resource.Url}
              - Login URL: {resource.LoginUrl}
              - OTLP/gRPC: {resource.OtlpGrpc}
              - OTLP/HTTP: {resource.OtlpHttp}
            """);

    private async Task<string> HowItEndedAsync(ResourceEvent ended)
    {
        if (ended.Snapshot.ExitCode is not { } code) return "could not be started";
        string? last = null;
        await foreach (var lines in services.Loggers.GetAllAsync(ended.ResourceId).ConfigureAwait(false)) last = lines.LastOrDefault(l => l.Content.Trim().Length > 0).Content?.Trim();
        return $"has ended with exit code {code}{(last is null ? "" : $" after writing \"{last}\"")}";
    }

    private static bool HasEnded(CustomResourceSnapshot snapshot) => snapshot.State is { } state && KnownResourceStates.TerminalStates.Contains(state.Text);
}

/// <summary>Where the app host was told that the dashboard is; null if it was told nothing, or wants none.</summary>
internal sealed record DashboardSource(DashboardProgram? Program);
