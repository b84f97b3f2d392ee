using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Execution;

/// <summary>The commands that every process has, and those that every project has.</summary>
internal static class ResourceCommands
{
    public const int MaxReplicas = 100;
    public const string ReplicasArgument = "replicas";

    private static readonly string ReplicasWanted = $"a whole number from 1 to {MaxReplicas}";

    /// <summary>Adds the commands to a resource, but for those that its author has put others in the place of.</summary>
    public static void Add(ResourceRunner runner, InstanceServices services)
    {
        Add(runner, services, KnownResourceCommands.StartCommand, "Start", "Play", s => IsDown(s) ? ResourceCommandState.Enabled : ResourceCommandState.Hidden, (instance, cancel) => runner.StartAsync([instance], cancel));
        Add(runner, services, KnownResourceCommands.StopCommand, "Stop", "Stop", s => IsRunning(s) ? ResourceCommandState.Enabled : ResourceCommandState.Hidden, (instance, _) => instance.StopAsync());
        Add(runner, services, KnownResourceCommands.RestartCommand, "Restart", "ArrowCounterclockwise", s => IsRunning(s) ? ResourceCommandState.Enabled : ResourceCommandState.Disabled, (instance, cancel) => instance.RestartAsync(cancel));
        if (runner.Resource is ProjectResource) AddRebuild(runner);
        if (IsScalable(runner.Resource)) AddScale(runner);
    }

    private static bool IsRunning(string? state) => state == KnownResourceStates.Running;

    private static bool IsDown(string? state) => state is null || state == KnownResourceStates.NotStarted || KnownResourceStates.TerminalStates.Contains(state);

    /// <summary>What serves others can be there more than once, unless a port is fixed: a second replica could not listen on it.</summary>
    private static bool IsScalable(IResource resource) =>
        ((resource is ProjectResource && resource.HasAnnotationOfType<EndpointAnnotation>()) || resource.HasAnnotationOfType<ReplicaAnnotation>())
        && resource.Annotations.OfType<EndpointAnnotation>().All(e => e.IsProxied && e.TargetPort is null);

    private static void Add(ResourceRunner runner, InstanceServices services, string name, string displayName, string icon, Func<string?, ResourceCommandState> state, Func<Instance, CancellationToken, Task> execute) =>
        AddUnlessThere(runner.Resource, new ResourceCommandAnnotation(
            name,
            displayName,
            context => state(context.ResourceSnapshot.State?.Text),
            async context =>
            {
                if (runner.Instances.FirstOrDefault(i => i.Name == context.ResourceName) is not { } instance) return CommandResults.Failure($"There is no '{context.ResourceName}' any more.");
                using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, runner.Closing);
                await execute(instance, either.Token).ConfigureAwait(false);
                return services.Notifications.TryGetCurrentState(context.ResourceName, out var now) && now.Snapshot.State?.Text == KnownResourceStates.FailedToStart
                    ? CommandResults.Failure($"'{context.ResourceName}' failed to start.")
                    : CommandResults.Success();
            },
            displayDescription: null,
            parameter: null,
            confirmationMessage: null,
            iconName: icon,
            iconVariant: IconVariant.Filled,
            isHighlighted: true));

    private static void AddRebuild(ResourceRunner runner) => AddUnlessThere(runner.Resource, new ResourceCommandAnnotation(
        KnownResourceCommands.RebuildCommand,
        "Rebuild",
        context => context.ResourceSnapshot.State?.Text is var state && (IsRunning(state) || IsDown(state)) ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
        async context => await runner.RebuildAsync().WaitAsync(context.CancellationToken).ConfigureAwait(false) is { } fault ? CommandResults.Failure(fault) : CommandResults.Success(),
        displayDescription: "Stops all replicas, builds the project, and starts them again.",
        parameter: null,
        confirmationMessage: null,
        iconName: "ArrowSync",
        iconVariant: IconVariant.Regular,
        isHighlighted: false)
    { IsForWholeResource = true });

    private static void AddScale(ResourceRunner runner) => AddUnlessThere(runner.Resource, new ResourceCommandAnnotation(
        KnownResourceCommands.ScaleCommand,
        "Scale",
        _ => ResourceCommandState.Enabled,
        async context =>
        {
            var replicas = int.Parse(context.Arguments![ReplicasArgument].Value!, NumberStyles.None, CultureInfo.InvariantCulture);
            await runner.ScaleAsync(replicas).WaitAsync(context.CancellationToken).ConfigureAwait(false);
            return CommandResults.Success();
        },
        displayDescription: "Changes how many replicas run. Those that go finish the calls that they are at.",
        parameter: null,
        argumentInputs:
        [
            new InteractionInput
            {
                Name = ReplicasArgument,
                Label = "Replicas",
                Description = $"How many replicas are to run: {ReplicasWanted}.",
                InputType = InputType.Number,
                Required = true,
                Placeholder = $"1 to {MaxReplicas}",
                Wanted = ReplicasWanted,
            },
        ],
        confirmationMessage: null,
        iconName: "ScaleFill",
        iconVariant: IconVariant.Regular,
        isHighlighted: false)
    {
        IsForWholeResource = true,
        Validate = arguments => arguments[ReplicasArgument].Value is var text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var replicas) && replicas is >= 1 and <= MaxReplicas
            ? null
            : $"Argument '{ReplicasArgument}' is '{text}': it must be {ReplicasWanted}.",
    });

    private static void AddUnlessThere(IResource resource, ResourceCommandAnnotation command)
    {
        if (!resource.Annotations.OfType<ResourceCommandAnnotation>().Any(c => c.Name == command.Name)) resource.Annotations.Add(command);
    }
}
