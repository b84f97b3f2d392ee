using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Health;
using Aspire.Hosting.Reporting;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Execution;

/// <summary>
/// Follows all instances and draws the conclusions: a resource is ready when all its instances are healthy, a change of state is shown on
/// the console, and the application may end with a resource.
/// </summary>
internal sealed class ResourceWatcher(
    ResourceNotificationService notifications,
    IDistributedApplicationEventing eventing,
    IServiceProvider services,
    HealthMonitor health,
    ConsoleReporter console,
    StartSummary summary,
    ILogger<ResourceWatcher> logger)
{
    private readonly Dictionary<string, CustomResourceSnapshot> _last = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, CancellationTokenSource> _monitored = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<IResource, Task> _ready = [];

    /// <summary>Called when all instances of a resource have ended, with the exit code: the first that is not 0, or 0; 1 for what did not start.</summary>
    public Action<IResource, int>? AllEnded { get; set; }

    /// <summary>Follows until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var update in notifications.WatchAsync(cancellationToken).ConfigureAwait(false))
            {
                var before = _last.GetValueOrDefault(update.ResourceId);
                _last[update.ResourceId] = update.Snapshot;
                Show(update, before);
                if (!ResourceRunner.CanRun(update.Resource)) Monitor(update);
                if (IsGone(update)) _last.Remove(update.ResourceId);
                await FollowAsync(update.Resource, cancellationToken).ConfigureAwait(false);
                summary.Consider(name => _last.GetValueOrDefault(name));
            }
        }
        catch (OperationCanceledException)
        {
            // The application stops.
        }
        finally
        {
            foreach (var monitor in _monitored.Values) await monitor.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task FollowAsync(IResource resource, CancellationToken cancellationToken)
    {
        var names = resource.GetInstanceNames();
        var instances = names.Select(_last.GetValueOrDefault).ToArray();

        // One that somebody has stopped keeps nobody waiting, as long as there is another.
        var counted = instances.Where(i => i?.IsStoppedOnDemand != true).ToArray();
        if (counted.Length > 0 && counted.All(i => i?.HealthStatus == HealthStatus.Healthy))
        {
            if (!_ready.TryGetValue(resource, out var handlers)) handlers = _ready[resource] = RaiseReadyAsync(resource, cancellationToken);

            // A replica that came, or was started, after the others is as ready as they are.
            foreach (var name in names.Where(n => _last[n] is { IsStoppedOnDemand: false, ReadyEvent: null }))
            {
                await notifications.PublishUpdateAsync(resource, name, s => s with { ReadyEvent = handlers }).ConfigureAwait(false);
            }
        }
        else if (instances.All(i => i?.State is { } state && KnownResourceStates.TerminalStates.Contains(state.Text)))
        {
            if (_ready.Remove(resource)) await notifications.PublishUpdateAsync(resource, s => s with { ReadyEvent = null }).ConfigureAwait(false);
            AllEnded?.Invoke(resource, instances.Select(i => i!.ExitCode ?? 1).FirstOrDefault(code => code != 0));
        }
    }

    /// <summary>Whether an update is the last of a replica that was taken away.</summary>
    private static bool IsGone(ResourceEvent update) =>
        update.Snapshot.State is { } state && KnownResourceStates.TerminalStates.Contains(state.Text) && !update.Resource.GetInstanceNames().Contains(update.ResourceId);

    private async Task RaiseReadyAsync(IResource resource, CancellationToken cancellationToken)
    {
        try
        {
            // On its own, so that a handler that takes its time holds up those who wait for the resource and nobody else.
            await Task.Run(() => eventing.PublishAsync(new ResourceReadyEvent(resource, services), cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            logger.LogError(fault, "A handler that runs when '{Resource}' is ready failed; what waits for the resource does not start.", resource.Name);
            throw new DistributedApplicationException($"A handler that runs when '{resource.Name}' is ready failed: {fault.Message}", fault);
        }
    }

    /// <summary>Resources that the app host's author runs himself are asked for their health, too, while he says that they run.</summary>
    private void Monitor(ResourceEvent update)
    {
        var runs = update.Snapshot.State?.Text == KnownResourceStates.Running;
        if (runs && !_monitored.ContainsKey(update.ResourceId))
        {
            var life = _monitored[update.ResourceId] = new CancellationTokenSource();
            _ = health.RunAsync(update.Resource, update.ResourceId, new Dictionary<string, int>(), life.Token);
        }
        else if (!runs && _monitored.Remove(update.ResourceId, out var ended))
        {
            ended.Cancel();
        }
    }

    private void Show(ResourceEvent update, CustomResourceSnapshot? before)
    {
        if (update.Resource is IResourceWithoutLifetime || update.Snapshot.IsHidden) return;
        var (state, was) = (update.Snapshot.State?.Text, before?.State?.Text);
        if (state is not null && state != was) console.State(update.ResourceId, Describe(update, state));
        if (!update.Resource.HasAnnotationOfType<HealthCheckAnnotation>()) return;

        // Not being healthy yet is no news; not being healthy any more is.
        var (now, then) = (update.Snapshot.HealthStatus, before?.HealthStatus);
        if (now == HealthStatus.Healthy && then != HealthStatus.Healthy) console.State(update.ResourceId, "healthy");
        else if (now is HealthStatus.Unhealthy or HealthStatus.Degraded && then == HealthStatus.Healthy) console.State(update.ResourceId, $"{now.Value.ToString().ToLowerInvariant()}: {Reason(update.Snapshot)}");
    }

    private static string Describe(ResourceEvent update, string state)
    {
        if (state == KnownResourceStates.Waiting) return $"{state} for {string.Join(", ", update.Resource.Annotations.OfType<WaitAnnotation>().Select(w => w.Resource.Name).Distinct())}";
        return update.Snapshot.ExitCode is { } code && KnownResourceStates.TerminalStates.Contains(state) ? $"{state} (exit code {code})" : state;
    }

    private static string Reason(CustomResourceSnapshot snapshot) =>
        snapshot.HealthReports.FirstOrDefault(r => r.Status != HealthStatus.Healthy)?.Description ?? "no reason was given";
}
