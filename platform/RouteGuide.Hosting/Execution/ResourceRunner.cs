using System.Security.Cryptography;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Execution;

/// <summary>Runs the instances of one resource: waits for what it waits for, starts them, and obeys its commands.</summary>
internal sealed class ResourceRunner : IDisposable
{
    private const string SuffixLetters = "abcdefghijklmnopqrstuvwxyz";
    private const int SuffixLength = 8;

    private readonly InstanceServices _services;
    private readonly CancellationTokenSource _closing;
    private Task _initial = Task.CompletedTask;

    public ResourceRunner(IResource resource, InstanceServices services)
    {
        Resource = resource;
        _services = services;

        // What has not started when the application is told to stop does not start any more, however late its own turn to be closed comes.
        _closing = CancellationTokenSource.CreateLinkedTokenSource(services.Lifetime.ApplicationStopping);
        Instances =
        [
            .. Enumerable.Range(0, resource.GetReplicaCount()).Select(_ => RandomNumberGenerator.GetString(SuffixLetters, SuffixLength)).Select(
                suffix => new Instance(resource, $"{resource.Name}-{suffix}", suffix, services)),
        ];
        resource.Annotations.Add(new ResourceInstancesAnnotation([.. Instances.Select(i => i.Name)]));
        AddCommands();
    }

    public IResource Resource { get; }

    public IReadOnlyList<Instance> Instances { get; }

    /// <summary>Whether the app host starts processes for a resource.</summary>
    public static bool CanRun(IResource resource) => resource is ProjectResource or ExecutableResource;

    /// <summary>Begins to start all instances; returns at once.</summary>
    public async Task BeginAsync()
    {
        if (Resource.HasAnnotationOfType<ExplicitStartupAnnotation>())
        {
            await _services.Notifications.PublishUpdateAsync(Resource, s => s with { State = new ResourceStateSnapshot(KnownResourceStates.NotStarted, KnownResourceStateStyles.Info) }).ConfigureAwait(false);
            return;
        }

        _initial = Task.Run(() => StartAsync(Instances, _closing.Token));
    }

    /// <summary>Ends all instances for good. What has not started yet does not.</summary>
    public async Task CloseAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _initial.ConfigureAwait(false);
        await Task.WhenAll(Instances.Select(i => i.CloseAsync())).ConfigureAwait(false);
    }

    public void Dispose()
    {
        foreach (var instance in Instances) instance.Dispose();
        _closing.Dispose();
    }

    private async Task StartAsync(IReadOnlyList<Instance> instances, CancellationToken cancellationToken)
    {
        try
        {
            await _services.Notifications.WaitForDependenciesAsync(Resource, [.. instances.Select(i => i.Name)], cancellationToken).ConfigureAwait(false);
            await _services.Eventing.PublishAsync(new BeforeResourceStartedEvent(Resource, _services.Services), cancellationToken).ConfigureAwait(false);
            if (Resource is ProjectResource project && ProjectOutput.NeedsBuild(project))
            {
                foreach (var instance in instances)
                {
                    await _services.Notifications.PublishUpdateAsync(Resource, instance.Name, s => s with { State = new ResourceStateSnapshot(KnownResourceStates.Building, KnownResourceStateStyles.Info) }).ConfigureAwait(false);
                }
            }

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

    private void AddCommands()
    {
        Add(KnownResourceCommands.StartCommand, "Start", "Play", s => IsDown(s) ? ResourceCommandState.Enabled : ResourceCommandState.Hidden, (instance, cancel) => StartAsync([instance], cancel));
        Add(KnownResourceCommands.StopCommand, "Stop", "Stop", s => s == KnownResourceStates.Running ? ResourceCommandState.Enabled : ResourceCommandState.Hidden, (instance, _) => instance.StopAsync());
        Add(KnownResourceCommands.RestartCommand, "Restart", "ArrowCounterclockwise", s => s == KnownResourceStates.Running ? ResourceCommandState.Enabled : ResourceCommandState.Disabled, (instance, cancel) => instance.RestartAsync(cancel));

        static bool IsDown(string? state) => state is null || state == KnownResourceStates.NotStarted || KnownResourceStates.TerminalStates.Contains(state);
    }

    private void Add(string name, string displayName, string icon, Func<string?, ResourceCommandState> state, Func<Instance, CancellationToken, Task> execute)
    {
        // The app host's author may have put a command of that name in its place.
        if (Resource.Annotations.OfType<ResourceCommandAnnotation>().Any(c => c.Name == name)) return;
        Resource.Annotations.Add(new ResourceCommandAnnotation(
            name,
            displayName,
            context => state(context.ResourceSnapshot.State?.Text),
            async context =>
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, _closing.Token);
                await execute(Instances.Single(i => i.Name == context.ResourceName), either.Token).ConfigureAwait(false);
                return _services.Notifications.TryGetCurrentState(context.ResourceName, out var now) && now.Snapshot.State?.Text == KnownResourceStates.FailedToStart
                    ? CommandResults.Failure($"'{context.ResourceName}' failed to start.")
                    : CommandResults.Success();
            },
            displayDescription: null,
            parameter: null,
            confirmationMessage: null,
            iconName: icon,
            iconVariant: IconVariant.Filled,
            isHighlighted: true));
    }
}
