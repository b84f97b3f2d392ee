using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.ApplicationModel;

public partial class ResourceNotificationService
{
    /// <summary>Waits until an instance of a resource is in a state.</summary>
    /// <param name="resourceName">The resource, or one instance of it.</param>
    /// <param name="targetState">The state; null means <see cref="KnownResourceStates.Running"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        WaitForResourceAsync(resourceName, [targetState ?? KnownResourceStates.Running], cancellationToken);

    /// <summary>Waits until an instance of a resource is in one of several states, and says in which.</summary>
    /// <param name="resourceName">The resource, or one instance of it.</param>
    /// <param name="targetStates">The states.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<string> WaitForResourceAsync(string resourceName, IEnumerable<string> targetStates, CancellationToken cancellationToken = default)
    {
        var states = targetStates.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var found = await WaitForResourceAsync(resourceName, e => e.Snapshot.State is { } state && states.Contains(state.Text), cancellationToken).ConfigureAwait(false);
        return found.Snapshot.State!.Text;
    }

    /// <summary>Waits until a condition holds for an instance of a resource.</summary>
    /// <param name="resourceName">The resource, or one instance of it.</param>
    /// <param name="predicate">The condition.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The wait was ended, or the application stops.</exception>
    public async Task<ResourceEvent> WaitForResourceAsync(string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(resourceName);
        ArgumentNullException.ThrowIfNull(predicate);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping);
        await foreach (var update in WatchAsync(either.Token).ConfigureAwait(false))
        {
            if ((IsNamed(update.Resource.Name) || IsNamed(update.ResourceId)) && predicate(update)) return update;
        }

        throw new OperationCanceledException($"The application ended before '{resourceName}' was as awaited.");

        bool IsNamed(string name) => string.Equals(name, resourceName, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Waits until all instances of a resource run, are healthy and the resource is ready.</summary>
    /// <param name="resourceName">The resource, or one instance of it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default) =>
        WaitForResourceHealthyAsync(resourceName, DefaultWaitBehavior, cancellationToken);

    /// <summary>Waits until all instances of a resource run, are healthy and the resource is ready.</summary>
    /// <param name="resourceName">The resource, or one instance of it.</param>
    /// <param name="waitBehavior">What to do when an instance has failed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DistributedApplicationException">An instance has ended and <paramref name="waitBehavior"/> is to stop.</exception>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, WaitBehavior waitBehavior, CancellationToken cancellationToken = default)
    {
        var model = _services.GetRequiredService<DistributedApplicationModel>();
        if (model.Resources.TryGetByName(resourceName, out var resource)) return await WaitUntilReadyAsync(resource, waitBehavior, cancellationToken).ConfigureAwait(false);
        var ready = await WaitForInstanceAsync(resourceName, waitBehavior, IsReady, cancellationToken).ConfigureAwait(false);
        if (ready.Snapshot.ReadyEvent is { } handlers) await handlers.WaitAsync(cancellationToken).ConfigureAwait(false);
        return ready;
    }

    /// <summary>Waits for all that a resource waits for.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DistributedApplicationException">One of them has failed, and the wait is not to go on then.</exception>
    public Task WaitForDependenciesAsync(IResource resource, CancellationToken cancellationToken) =>
        WaitForDependenciesAsync(resource, resource.GetInstanceNames(), cancellationToken);

    /// <summary>Waits for all that a resource waits for, on behalf of some of its instances.</summary>
    internal async Task WaitForDependenciesAsync(IResource resource, IReadOnlyList<string> instances, CancellationToken cancellationToken)
    {
        if (!resource.TryGetAnnotationsOfType<WaitAnnotation>(out var waits)) return;
        foreach (var instance in instances)
        {
            await PublishUpdateAsync(resource, instance, s => s with { State = new ResourceStateSnapshot(KnownResourceStates.Waiting, KnownResourceStateStyles.Info) }).ConfigureAwait(false);
        }

        // The first failure ends the other waits too: the resource will not start whatever they bring.
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = waits.Select(wait => WaitForAsync(wait, failed.Token)).ToList();
        while (running.Count > 0)
        {
            var first = await Task.WhenAny(running).ConfigureAwait(false);
            running.Remove(first);
            if (!first.IsCompletedSuccessfully) await failed.CancelAsync().ConfigureAwait(false);
            await first.ConfigureAwait(false);
        }
    }

    private Task WaitForAsync(WaitAnnotation wait, CancellationToken cancellationToken)
    {
        var behavior = wait.WaitBehavior ?? DefaultWaitBehavior;
        return wait.WaitType switch
        {
            WaitType.WaitUntilHealthy => WaitUntilReadyAsync(wait.Resource, behavior, cancellationToken),
            WaitType.WaitUntilStarted => WaitForAllAsync(wait.Resource, behavior, e => IsUp(e) || e.Snapshot.State?.Text == KnownResourceStates.Finished, cancellationToken),
            WaitType.WaitForCompletion => Task.WhenAll(wait.Resource.GetInstanceNames().Select(name => WaitForCompletionAsync(name, wait.ExitCode, cancellationToken))),
            _ => throw new InvalidOperationException($"There is no wait of type '{wait.WaitType}'."),
        };
    }

    private async Task<ResourceEvent> WaitUntilReadyAsync(IResource resource, WaitBehavior behavior, CancellationToken cancellationToken)
    {
        var ready = await WaitForAllAsync(resource, behavior, IsReady, cancellationToken).ConfigureAwait(false);
        foreach (var handlers in ready.Select(r => r.Snapshot.ReadyEvent).OfType<Task>().Distinct()) await handlers.WaitAsync(cancellationToken).ConfigureAwait(false);
        return ready[^1];
    }

    /// <summary>
    /// Waits until all instances are where they should be: those that there are by then, since their number may change. One that somebody
    /// has stopped is not waited for, and has not failed, as long as there is another.
    /// </summary>
    private async Task<IReadOnlyList<ResourceEvent>> WaitForAllAsync(IResource resource, WaitBehavior behavior, Func<ResourceEvent, bool> isThere, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping);
        await foreach (var _ in WatchChangesAsync(either.Token).ConfigureAwait(false))
        {
            var instances = resource.GetInstanceNames().Select(name => TryGetCurrentState(name, out var known) ? known : null).Where(e => e?.Snapshot.IsStoppedOnDemand != true).ToArray();
            if (instances.Length > 0 && instances.All(e => e is not null && isThere(e))) return instances!;
            if (behavior == WaitBehavior.StopOnResourceUnavailable && instances.FirstOrDefault(e => e is not null && !isThere(e) && HasFailed(e)) is { } failed) throw IsNeeded(failed);
        }

        throw new OperationCanceledException($"The application ended before '{resource.Name}' was as awaited.");
    }

    private async Task WaitForCompletionAsync(string instance, int exitCode, CancellationToken cancellationToken)
    {
        var ended = await WaitForResourceAsync(instance, IsTerminal, cancellationToken).ConfigureAwait(false);
        if (ended.Snapshot.State?.Text == KnownResourceStates.FailedToStart || ended.Snapshot.ExitCode != exitCode)
        {
            throw new DistributedApplicationException($"'{instance}' was to complete with exit code {exitCode}, but {HowItEnded(ended)}");
        }
    }

    private async Task<ResourceEvent> WaitForInstanceAsync(string instance, WaitBehavior behavior, Func<ResourceEvent, bool> isThere, CancellationToken cancellationToken)
    {
        var stops = behavior == WaitBehavior.StopOnResourceUnavailable;
        var found = await WaitForResourceAsync(instance, e => isThere(e) || (stops && HasFailed(e)), cancellationToken).ConfigureAwait(false);
        return isThere(found) ? found : throw IsNeeded(found);
    }

    private static bool IsReady(ResourceEvent e) =>
        IsUp(e) && (e.Resource is IResourceWithoutLifetime || (e.Snapshot.HealthStatus == Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy && e.Snapshot.ReadyEvent is not null));

    private static bool HasFailed(ResourceEvent e) => IsTerminal(e) || e.Snapshot.State?.Text == KnownResourceStates.RuntimeUnhealthy;

    private static DistributedApplicationException IsNeeded(ResourceEvent failed) => new($"'{failed.ResourceId}' is needed, but {HowItEnded(failed)}");

    private static bool IsUp(ResourceEvent e) => e.Snapshot.State?.Text is { } state && (state == KnownResourceStates.Running || state == KnownResourceStates.Active);

    private static bool IsTerminal(ResourceEvent e) => e.Snapshot.State is { } state && KnownResourceStates.TerminalStates.Contains(state.Text);

    private static string HowItEnded(ResourceEvent e) => e.Snapshot.ExitCode is { } code ? $"it ended with exit code {code}." : $"its state is {e.Snapshot.State?.Text}.";
}
