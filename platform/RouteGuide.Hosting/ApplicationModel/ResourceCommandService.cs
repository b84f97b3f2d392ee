using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Gives commands to resources.</summary>
public class ResourceCommandService
{
    private readonly ResourceNotificationService _notifications;
    private readonly ResourceLoggerService _loggers;
    private readonly DistributedApplicationModel _model;
    private readonly IServiceProvider _services;

    internal ResourceCommandService(ResourceNotificationService notifications, ResourceLoggerService loggers, DistributedApplicationModel model, IServiceProvider services)
    {
        _notifications = notifications;
        _loggers = loggers;
        _model = model;
        _services = services;
    }

    /// <summary>Gives a command to all instances of a resource, or to one instance.</summary>
    /// <param name="resourceId">The resource's name, or an instance of it.</param>
    /// <param name="commandName">The command.</param>
    /// <param name="cancellationToken">Breaks it off.</param>
    /// <returns>How it ended; a resource or a command that does not exist, or cannot be given now, is a failure.</returns>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteCommandAsync(resourceId, commandName, arguments: null, cancellationToken);

    /// <summary>Gives a command with arguments to all instances of a resource, or to one instance.</summary>
    /// <param name="resourceId">The resource's name, or an instance of it.</param>
    /// <param name="commandName">The command.</param>
    /// <param name="arguments">Values for the command's inputs, by their names; null for none.</param>
    /// <param name="cancellationToken">Breaks it off.</param>
    /// <returns>How it ended; a resource or a command that does not exist, or cannot be given now, and wrong arguments are a failure.</returns>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, InteractionInputCollection? arguments, CancellationToken cancellationToken = default)
    {
        if (_model.Resources.TryGetByName(resourceId, out var resource)) return ExecuteCommandAsync(resource, commandName, arguments, cancellationToken);
        return _notifications.TryGetCurrentState(resourceId, out var known)
            ? ExecuteAsync(known.Resource, known.ResourceId, commandName, arguments, cancellationToken)
            : Task.FromResult(CommandResults.Failure($"There is no resource '{resourceId}'."));
    }

    /// <summary>Gives a command to all instances of a resource at once.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="commandName">The command.</param>
    /// <param name="cancellationToken">Breaks it off.</param>
    /// <returns>A success if it was one for every instance, else a failure with all their messages.</returns>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteCommandAsync(resource, commandName, arguments: null, cancellationToken);

    /// <summary>Gives a command with arguments to all instances of a resource at once; one that is about the resource as a whole, such as a change of the number of its replicas, runs once.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="commandName">The command.</param>
    /// <param name="arguments">Values for the command's inputs, by their names; null for none.</param>
    /// <param name="cancellationToken">Breaks it off.</param>
    /// <returns>A success if it was one for every instance, else a failure with all their messages.</returns>
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, InteractionInputCollection? arguments, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(resource);
        var names = resource.GetInstanceNames();
        if (Find(resource, commandName) is { IsForWholeResource: true }) names = [names[0]];
        var results = await Task.WhenAll(names.Select(name => ExecuteAsync(resource, name, commandName, arguments, cancellationToken))).ConfigureAwait(false);
        if (results.Length == 1 || results.All(r => r.Success)) return results.FirstOrDefault(r => r.Data is not null) ?? results[0];
        if (results.All(r => r.Success || r.Canceled)) return CommandResults.Canceled();
        return new ExecuteCommandResult
        {
            Success = false,
            Message = string.Join(' ', results.Where(r => !r.Success && r.Message is not null).Select(r => r.Message).Distinct()),
            HasInvalidArguments = results.All(r => r.HasInvalidArguments),
        };
    }

    private static ResourceCommandAnnotation? Find(IResource resource, string commandName) =>
        resource.Annotations.OfType<ResourceCommandAnnotation>().LastOrDefault(c => c.Name == commandName);

    private async Task<ExecuteCommandResult> ExecuteAsync(IResource resource, string instance, string commandName, InteractionInputCollection? arguments, CancellationToken cancellationToken)
    {
        if (Find(resource, commandName) is not { } command) return CommandResults.Failure($"Resource '{resource.Name}' has no command '{commandName}'.");
        if (_notifications.TryGetCurrentState(instance, out var known)
            && command.UpdateState(new UpdateCommandStateContext { ResourceSnapshot = known.Snapshot, ServiceProvider = _services }) != ResourceCommandState.Enabled)
        {
            return CommandResults.Failure($"Command '{commandName}' of '{instance}' is not available while the instance is {known.Snapshot.State?.Text ?? "unknown"}.");
        }

        var bound = CommandArguments.Bind(command, arguments, out var fault);
        if (fault is not null) return new ExecuteCommandResult { Success = false, Message = fault, HasInvalidArguments = true };
        var logger = _loggers.GetLogger(instance);
        try
        {
            return await command.ExecuteCommand(new ExecuteCommandContext
            {
                ServiceProvider = _services,
                ResourceName = instance,
                CancellationToken = cancellationToken,
                Logger = logger,
                Arguments = bound,
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return CommandResults.Canceled();
        }
        catch (Exception failure)
        {
            logger.LogError(failure, "Command '{Command}' failed.", commandName);
            return CommandResults.Failure(failure);
        }
    }
}
