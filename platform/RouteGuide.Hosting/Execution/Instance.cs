using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Health;
using Aspire.Hosting.Reporting;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Execution;

/// <summary>What instances are run with.</summary>
internal sealed record InstanceServices(
    ResourceNotificationService Notifications,
    ResourceLoggerService Loggers,
    IDistributedApplicationEventing Eventing,
    IServiceProvider Services,
    EndpointAllocator Endpoints,
    LaunchSpecFactory Specs,
    HealthMonitor Health,
    OrphanGuard Guard,
    ConsoleReporter Console,
    AppHostSettings Settings,
    ProjectOutput Projects,
    IHostApplicationLifetime Lifetime);

/// <summary>One replica of a resource: at most one process at a time, and what is published about it.</summary>
internal sealed class Instance(IResource resource, string name, string suffix, InstanceServices services) : IDisposable
{
    /// <summary>A process that ends this early may have lost a port to another between the choice and its use.</summary>
    private static readonly TimeSpan PortRaceWindow = TimeSpan.FromSeconds(15);

    private const int MaxPortRaces = 3;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private Run? _run;
    private bool _closed;

    public string Name { get; } = name;

    /// <summary>Starts the process, if none runs.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_run is null or { Ended.IsCompleted: true } && !_closed) await LaunchAsync(portRaces: 0, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Stops the process, if one runs.</summary>
    public async Task StopAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await EndRunAsync(Intent.Stop).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Stops the process for good: nothing starts it again.</summary>
    /// <param name="grace">How long it may take to end by itself; null for the usual time.</param>
    public async Task CloseAsync(TimeSpan? grace = null)
    {
        _closed = true;
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await EndRunAsync(Intent.Stop, grace).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Gives a process that is being stopped no more than the usual time from now.</summary>
    public void Hurry() => _ = _run?.Child.StopAsync();

    /// <summary>Stops the process, if one runs, and starts another.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await EndRunAsync(Intent.Restart).ConfigureAwait(false);
            if (!_closed) await LaunchAsync(portRaces: 0, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Says that the process could not be started.</summary>
    public async Task FailAsync(string reason, string? command = null)
    {
        command ??= Command();
        services.Console.Error($"{Name} failed to start: {command}: {reason}");
        services.Loggers.Append(Name, $"Failed to start: {command}: {reason}", isError: true);
        await PublishAsync(s => s with { State = new ResourceStateSnapshot(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error), StopTimeStamp = DateTime.UtcNow }).ConfigureAwait(false);
    }

    public void Dispose() => _turn.Dispose();

    private async Task EndRunAsync(Intent intent, TimeSpan? grace = null)
    {
        if (_run is not { Ended.IsCompleted: false } run) return;
        run.Intent = intent;
        Detach(run.Ports);
        await PublishAsync(s => s with { State = new ResourceStateSnapshot(KnownResourceStates.Stopping, KnownResourceStateStyles.Info) }).ConfigureAwait(false);
        await run.Child.StopAsync(grace).ConfigureAwait(false);
        await run.Ended.ConfigureAwait(false);
    }

    private async Task LaunchAsync(int portRaces, CancellationToken cancellationToken)
    {
        await PublishAsync(s => s with
        {
            State = new ResourceStateSnapshot(KnownResourceStates.Starting, KnownResourceStateStyles.Info),
            ExitCode = null,
            StartTimeStamp = null,
            StopTimeStamp = null,
            IsStoppedOnDemand = false,
            HealthReports = ResourceNotificationService.PendingHealth(resource),
        }).ConfigureAwait(false);

        var ports = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        LaunchSpec? spec = null;
        try
        {
            // The port that a container listens on is its own affair.
            foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>().Where(_ => resource is not ContainerResource)) ports[endpoint.Name] = services.Endpoints.TargetPort(resource, endpoint);
            (spec, var fromModel) = await services.Specs.CreateAsync(resource, Name, suffix, ports, cancellationToken).ConfigureAwait(false);
            var child = ChildProcess.Start(spec, services.Guard, services.Settings.StopTimeout, OnLineAsync);
            var run = _run = new Run { Child = child, Ports = ports, PortRaces = portRaces, Started = DateTime.UtcNow };
            await PublishAsync(s => s with
            {
                State = new ResourceStateSnapshot(KnownResourceStates.Running, KnownResourceStateStyles.Success),
                StartTimeStamp = run.Started,
                EnvironmentVariables = [.. spec.Environment.Select(v => new EnvironmentVariableSnapshot(v.Key, v.Value, fromModel.Contains(v.Key)))],
                Properties = Properties(spec, child.Id),
            }).ConfigureAwait(false);
            foreach (var (endpoint, port) in Endpoints(ports)) services.Endpoints.Attach(endpoint, port);
            run.Ended = SuperviseAsync(run);
        }
        catch (Exception fault) when (fault is LaunchException or DistributedApplicationException)
        {
            Detach(ports);
            await FailAsync(fault.Message, spec?.Display).ConfigureAwait(false);
        }
        catch
        {
            Detach(ports);
            throw;
        }
    }

    private async Task SuperviseAsync(Run run)
    {
        // Whoever launched it lets go of its turn first.
        await Task.Yield();
        using var life = new CancellationTokenSource();
        var health = services.Health.RunAsync(resource, Name, run.Ports, life.Token);
        var code = await run.Child.Completion.ConfigureAwait(false);
        await life.CancelAsync().ConfigureAwait(false);
        await health.ConfigureAwait(false);
        var lostPort = run.Intent == Intent.None ? LostPort(run, code) : null;
        Detach(run.Ports);
        if (lostPort is not null && run.PortRaces < MaxPortRaces && !_closed)
        {
            services.Console.Say($"{Name} ended with exit code {code} while port {lostPort}, chosen for it, is in use by another process: it starts again with other ports.");
            _ = RelaunchAsync(run);
            return;
        }

        await EndedAsync(run, code).ConfigureAwait(false);
    }

    private async Task RelaunchAsync(Run lost)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await lost.Ended.ConfigureAwait(false);

            // A command may have come first.
            if (_run == lost && !_closed) await LaunchAsync(lost.PortRaces + 1, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            await FailAsync(fault.Message).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task EndedAsync(Run run, int code)
    {
        var stopped = run.Intent == Intent.Stop;
        var state = code == 0 && !stopped
            ? new ResourceStateSnapshot(KnownResourceStates.Finished, KnownResourceStateStyles.Success)
            : new ResourceStateSnapshot(KnownResourceStates.Exited, stopped ? KnownResourceStateStyles.Info : KnownResourceStateStyles.Error);
        await PublishAsync(s => s with
        {
            State = run.Intent == Intent.Restart ? s.State : state,
            ExitCode = code,
            StopTimeStamp = DateTime.UtcNow,
            IsStoppedOnDemand = stopped,
        }).ConfigureAwait(false);
        services.Notifications.TryGetCurrentState(Name, out var last);
        await services.Eventing.PublishAsync(new ResourceStoppedEvent(resource, services.Services, last!), EventDispatchBehavior.NonBlockingSequential).ConfigureAwait(false);
    }

    /// <summary>A chosen port that somebody else listens on now, where this process ended soon and badly; null if there is none.</summary>
    private int? LostPort(Run run, int code)
    {
        if (code == 0 || DateTime.UtcNow - run.Started > PortRaceWindow) return null;
        foreach (var (endpoint, port) in Endpoints(run.Ports))
        {
            if (EndpointAllocator.IsChosen(endpoint) && !PortPicker.IsFree(port)) return port;
        }

        return null;
    }

    private void Detach(IReadOnlyDictionary<string, int> ports)
    {
        foreach (var (endpoint, port) in Endpoints(ports)) services.Endpoints.Detach(endpoint, port);
    }

    private IEnumerable<(EndpointAnnotation Endpoint, int Port)> Endpoints(IReadOnlyDictionary<string, int> ports) =>
        resource.Annotations.OfType<EndpointAnnotation>().Where(e => ports.ContainsKey(e.Name)).Select(e => (e, ports[e.Name]));

    private async ValueTask OnLineAsync(string line, bool isError)
    {
        services.Loggers.Append(Name, line, isError);
        if (!resource.IsHidden()) await services.Console.ChildLineAsync(Name, line, isError).ConfigureAwait(false);
    }

    private Task PublishAsync(Func<CustomResourceSnapshot, CustomResourceSnapshot> change) => services.Notifications.PublishUpdateAsync(resource, Name, change);

    private string Command() => resource switch
    {
        ProjectResource project => project.GetProjectMetadata().ProjectPath,
        ExecutableResource executable => executable.Command,
        ContainerResource container => container.Image,
        _ => resource.Name,
    };

    private System.Collections.Immutable.ImmutableArray<ResourcePropertySnapshot> Properties(LaunchSpec spec, int process) =>
    [
        resource is ProjectResource project ? new("project.path", project.GetProjectMetadata().ProjectPath) : new("executable.path", spec.Program),
        new("executable.workDir", spec.WorkingDirectory),
        new("executable.args", spec.Arguments) { IsSensitive = true },
        new("executable.pid", process),
    ];

    private enum Intent
    {
        None,
        Stop,
        Restart,
    }

    private sealed class Run
    {
        public required ChildProcess Child { get; init; }

        public required IReadOnlyDictionary<string, int> Ports { get; init; }

        public required int PortRaces { get; init; }

        public required DateTime Started { get; init; }

        public volatile Intent Intent;

        public Task Ended { get; set; } = Task.CompletedTask;
    }
}
