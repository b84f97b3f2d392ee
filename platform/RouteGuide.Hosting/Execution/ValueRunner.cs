using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Execution;

/// <summary>Finds out the values of parameters and connection strings, and shows them.</summary>
/// <param name="services">What tells of them.</param>
/// <param name="stopping">Ends what waits.</param>
internal sealed class ValueRunner(InstanceServices services, CancellationToken stopping)
{
    private readonly List<Task> _waiting = [];

    /// <summary>Those that wait for others, until they have ended.</summary>
    public Task Completion => Task.WhenAll(_waiting);

    /// <summary>Shows a resource, if it is a value: at once, or once what it is made of is there.</summary>
    public async Task BeginAsync(IResource resource)
    {
        switch (resource)
        {
            case ParameterResource parameter:
                await ShowAsync(parameter, $"Parameter '{parameter.Name}'", parameter.Secret, KnownResourceStates.Active, parameter.GetValueAsync).ConfigureAwait(false);
                break;
            case ConnectionStringResource connection:
                _waiting.Add(Task.Run(() => ShowAsync(connection)));
                break;
        }
    }

    private async Task ShowAsync(ConnectionStringResource connection)
    {
        try
        {
            await services.Notifications.WaitForDependenciesAsync(connection, stopping).ConfigureAwait(false);
            await ShowAsync(connection, $"Connection string '{connection.Name}'", isSecret: true, KnownResourceStates.Running, connection.ConnectionStringExpression.GetValueAsync).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The application stops before it is known.
        }
        catch (DistributedApplicationException fault)
        {
            services.Console.Error($"Connection string '{connection.Name}': {fault.Message}");
            await services.Notifications.PublishUpdateAsync(connection, s => s with { State = new ResourceStateSnapshot(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error) }).ConfigureAwait(false);
        }
    }

    private async Task ShowAsync(IResource resource, string what, bool isSecret, string known, Func<CancellationToken, ValueTask<string?>> get)
    {
        string? value = null;
        try
        {
            value = await get(stopping).ConfigureAwait(false);
            if (value is null && resource is ConnectionStringResource) throw new MissingParameterValueException($"{what} has no value: a part of it has none.");
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            services.Console.Error(fault is MissingParameterValueException ? fault.Message : $"{what} has no value: {fault.Message}");
            await ShowAsync(resource, isSecret, value: null, new ResourceStateSnapshot(KnownResourceStates.ValueMissing, KnownResourceStateStyles.Warn)).ConfigureAwait(false);
            return;
        }

        if (resource is IResourceWithConnectionString) await AnnounceAsync(resource).ConfigureAwait(false);
        await ShowAsync(resource, isSecret, value, new ResourceStateSnapshot(known, KnownResourceStateStyles.Success)).ConfigureAwait(false);
    }

    private async Task AnnounceAsync(IResource resource)
    {
        try
        {
            await services.Eventing.PublishAsync(new ConnectionStringAvailableEvent(resource, services.Services), stopping).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            services.Console.Error($"A handler of the connection string '{resource.Name}' failed: {fault.Message}");
        }
    }

    private Task ShowAsync(IResource resource, bool isSecret, string? value, ResourceStateSnapshot state) => services.Notifications.PublishUpdateAsync(resource, s => s with
    {
        State = state,
        Properties = [new ResourcePropertySnapshot("Value", value) { IsSensitive = isSecret }],
    });
}
