using System.Collections.Immutable;
using System.Security.Cryptography;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Execution;

/// <summary>Runs the instances of one resource: waits for what it waits for, starts them, changes their number, and obeys its commands.</summary>
internal sealed class ResourceRunner : IDisposable
{
    private const string SuffixLetters = "abcdefghijklmnopqrstuvwxyz";
    private const int SuffixLength = 8;

    private readonly InstanceServices _services;
    private readonly CancellationTokenSource _closing;
    private readonly ResourceInstancesAnnotation _names;
    private readonly SemaphoreSlim _scaling = new(1, 1);
    private ImmutableArray<Instance> _instances;
    private ImmutableArray<Instance> _leaving = [];
    private Task _initial = Task.CompletedTask;

    public ResourceRunner(IResource resource, InstanceServices services)
    {
        Resource = resource;
        _services = services;

        // What has not started when the application is told to stop does not start any more, however late its own turn to be closed comes.
        _closing = CancellationTokenSource.CreateLinkedTokenSource(services.Lifetime.ApplicationStopping);
        _instances = [.. Enumerable.Range(0, resource.GetReplicaCount()).Select(_ => NewInstance())];
        _names = new ResourceInstancesAnnotation(NamesOf(_instances));
        resource.Annotations.Add(_names);
        ResourceCommands.Add(this, services);
    }

    public IResource Resource { get; }

    public IReadOnlyList<Instance> Instances => _instances;

    /// <summary>Ends with the application; what a command has begun goes on until then, even if nobody waits for its result.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>Whether the app host starts processes for a resource.</summary>
    public static bool CanRun(IResource resource) => resource is ProjectResource or ExecutableResource or ContainerResource;

    /// <summary>Begins to start all instances; returns at once.</summary>
    public async Task BeginAsync()
    {
        if (Resource.HasAnnotationOfType<ExplicitStartupAnnotation>())
        {
            await PublishAsync(_instances, KnownResourceStates.NotStarted).ConfigureAwait(false);
            return;
        }

        _initial = Task.Run(() => StartAsync(_instances, _closing.Token));
    }

    /// <summary>Ends all instances for good. What has not started yet does not.</summary>
    public async Task CloseAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _initial.ConfigureAwait(false);
        foreach (var instance in _leaving) instance.Hurry();

        // Whoever changes the number of replicas ends with those that it takes away.
        await _scaling.WaitAsync().ConfigureAwait(false);
        await Task.WhenAll(_instances.Select(i => i.CloseAsync())).ConfigureAwait(false);
        _scaling.Release();
    }

    public void Dispose()
    {
        foreach (var instance in _instances) instance.Dispose();
        _closing.Dispose();
        _scaling.Dispose();
    }

    /// <summary>Starts instances, once what they wait for is there.</summary>
    public async Task StartAsync(IReadOnlyList<Instance> instances, CancellationToken cancellationToken)
    {
        try
        {
            await _services.Notifications.WaitForDependenciesAsync(Resource, NamesOf(instances), cancellationToken).ConfigureAwait(false);
            if (Resource is IResourceWithConnectionString) await _services.Eventing.PublishAsync(new ConnectionStringAvailableEvent(Resource, _services.Services), cancellationToken).ConfigureAwait(false);
            await _services.Eventing.PublishAsync(new BeforeResourceStartedEvent(Resource, _services.Services), cancellationToken).ConfigureAwait(false);
            if (Resource is ProjectResource project && ProjectOutput.NeedsBuild(project)) await PublishAsync(instances, KnownResourceStates.Building).ConfigureAwait(false);
            await Task.WhenAll(instances.Select(i => i.StartAsync(cancellationToken))).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested || _services.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // The application stops before it has started entirely. A wait may hear of it before the token here, which is linked to the
            // same source, is cancelled in its turn.
        }
        catch (Exception fault)
        {
            // Also what a handler or a callback of the app host's author throws: it must not pass unseen, nor end the other resources.
            foreach (var instance in instances) await instance.FailAsync(fault.Message).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Changes the number of instances. New ones start as the first ones did. Those that go are asked to end and have time for the calls
    /// that they are at; nobody waits for them any more from the moment that they are asked.
    /// </summary>
    /// <param name="replicas">At least 1.</param>
    public async Task ScaleAsync(int replicas)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(replicas, 1);
        await _scaling.WaitAsync(_closing.Token).ConfigureAwait(false);
        try
        {
            _closing.Token.ThrowIfCancellationRequested();
            if (replicas > _instances.Length) await GrowAsync(replicas - _instances.Length).ConfigureAwait(false);
            else if (replicas < _instances.Length) await ShrinkAsync(_instances.Length - replicas).ConfigureAwait(false);
        }
        finally
        {
            _scaling.Release();
        }
    }

    /// <summary>Stops what runs, builds the project, and starts again what ran, or where nothing did everything.</summary>
    /// <returns>What went wrong with the build; null for nothing.</returns>
    public async Task<string?> RebuildAsync()
    {
        // Nobody comes or goes meanwhile.
        await _scaling.WaitAsync(_closing.Token).ConfigureAwait(false);
        try
        {
            var running = _instances.Where(IsUp).ToArray();
            if (running.Length == 0) running = [.. _instances];
            await Task.WhenAll(running.Select(i => i.StopAsync())).ConfigureAwait(false);
            await PublishAsync(running, KnownResourceStates.Building).ConfigureAwait(false);
            try
            {
                await _services.Projects.RebuildAsync((ProjectResource)Resource, _closing.Token).ConfigureAwait(false);
            }
            catch (LaunchException fault)
            {
                foreach (var instance in running) await instance.FailAsync(fault.Message).ConfigureAwait(false);
                return fault.Message;
            }

            await StartAsync(running, _closing.Token).ConfigureAwait(false);
            return null;
        }
        finally
        {
            _scaling.Release();
        }
    }

    private static string[] NamesOf(IEnumerable<Instance> instances) => [.. instances.Select(i => i.Name)];

    private async Task GrowAsync(int count)
    {
        var first = _services.Notifications.TryGetCurrentState(_instances[0].Name, out var known) ? known.Snapshot : null;
        Instance[] added = [.. Enumerable.Range(0, count).Select(_ => NewInstance())];
        _services.Console.AddInstances(_instances[0].Name, NamesOf(added));
        SetInstances([.. _instances, .. added]);
        foreach (var instance in added) await _services.Notifications.PublishUpdateAsync(Resource, instance.Name, s => s with { Urls = first?.Urls ?? [] }).ConfigureAwait(false);
        if (first?.State?.Text == KnownResourceStates.NotStarted) await PublishAsync(added, KnownResourceStates.NotStarted).ConfigureAwait(false);
        else await StartAsync(added, _closing.Token).ConfigureAwait(false);
    }

    private async Task ShrinkAsync(int count)
    {
        // Those first that do nothing anyhow, then the youngest.
        _leaving = [.. _instances.Reverse().OrderBy(IsUp).Take(count)];
        SetInstances([.. _instances.Except(_leaving)]);
        await Task.WhenAll(_leaving.Select(i => i.CloseAsync(_services.Settings.DrainTimeout))).ConfigureAwait(false);
        foreach (var instance in _leaving)
        {
            _services.Notifications.Remove(instance.Name);
            _services.Loggers.Forget(instance.Name);
            _services.Console.RemoveInstance(instance.Name);
            instance.Dispose();
        }

        _leaving = [];
    }

    private void SetInstances(ImmutableArray<Instance> instances)
    {
        _instances = instances;
        _names.Names = NamesOf(instances);
    }

    private Instance NewInstance()
    {
        var suffix = RandomNumberGenerator.GetString(SuffixLetters, SuffixLength);
        return new Instance(Resource, $"{Resource.Name}-{suffix}", suffix, _services);
    }

    private bool IsUp(Instance instance) =>
        _services.Notifications.TryGetCurrentState(instance.Name, out var known) && known.Snapshot.State is { } state
        && state.Text != KnownResourceStates.NotStarted && !KnownResourceStates.TerminalStates.Contains(state.Text);

    private async Task PublishAsync(IEnumerable<Instance> instances, string state)
    {
        foreach (var instance in instances)
        {
            await _services.Notifications.PublishUpdateAsync(Resource, instance.Name, s => s with { State = new ResourceStateSnapshot(state, KnownResourceStateStyles.Info) }).ConfigureAwait(false);
        }
    }
}
