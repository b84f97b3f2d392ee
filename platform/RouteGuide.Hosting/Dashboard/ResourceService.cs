using System.Globalization;
using Aspire.DashboardService.Proto.V1;
using Aspire.Hosting.ApplicationModel;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Dashboard;

/// <summary>Answers dashboards: what runs, what it writes, and the commands that are given there.</summary>
internal sealed class ResourceService(
    ResourceNotificationService notifications,
    ResourceLoggerService loggers,
    ResourceCommandService commands,
    IHostEnvironment environment,
    CancellationToken stopping) : Aspire.DashboardService.Proto.V1.DashboardService.DashboardServiceBase
{
    /// <summary>In characters: a message of lines stays well below the 4 MiB that clients take by default.</summary>
    private const int MaxLinesText = 256 * 1024;

    public override Task<ApplicationInformationResponse> GetApplicationInformation(ApplicationInformationRequest request, ServerCallContext context) =>
        Task.FromResult(new ApplicationInformationResponse { ApplicationName = ApplicationName(environment.ApplicationName) });

    public override async Task WatchResources(WatchResourcesRequest request, IServerStreamWriter<WatchResourcesUpdate> responseStream, ServerCallContext context)
    {
        using var end = Until(context);
        var first = true;
        try
        {
            await foreach (var changes in notifications.WatchChangesAsync(end.Token).ConfigureAwait(false))
            {
                await responseStream.WriteAsync(first ? Initial(changes) : Changed(changes), end.Token).ConfigureAwait(false);
                first = false;
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The dashboard has left, or the application has ended.
        }
    }

    public override async Task WatchResourceConsoleLogs(WatchResourceConsoleLogsRequest request, IServerStreamWriter<WatchResourceConsoleLogsUpdate> responseStream, ServerCallContext context)
    {
        Known(request.ResourceName);
        using var end = Until(context);
        try
        {
            var lines = request.SuppressFollow ? loggers.GetAllAsync(request.ResourceName) : loggers.WatchAsync(request.ResourceName);
            await foreach (var batch in lines.WithCancellation(end.Token).ConfigureAwait(false))
            {
                foreach (var update in Split(batch)) await responseStream.WriteAsync(update, end.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The dashboard has left, or the application has ended.
        }
    }

    public override async Task<ResourceCommandResponse> ExecuteResourceCommand(ResourceCommandRequest request, ServerCallContext context)
    {
        var known = Known(request.ResourceName);
        if (Arguments(request, out var fault) is not { } arguments) return Invalid(fault!);
        var isForAll = known.Resource.Annotations.OfType<ResourceCommandAnnotation>().LastOrDefault(c => c.Name == request.CommandName) is { IsForWholeResource: true };
        var result = isForAll
            ? await commands.ExecuteCommandAsync(known.Resource, request.CommandName, arguments, context.CancellationToken).ConfigureAwait(false)
            : await commands.ExecuteCommandAsync(known.ResourceId, request.CommandName, arguments, context.CancellationToken).ConfigureAwait(false);
        return Response(result);
    }

    /// <summary>The application's name for people: a project that is named after its role says the role with its last word.</summary>
    public static string ApplicationName(string name) => name.EndsWith(".AppHost", StringComparison.OrdinalIgnoreCase) ? name[..^".AppHost".Length] : name;

    private static WatchResourcesUpdate Initial(IReadOnlyList<ResourceChange> known)
    {
        var data = new InitialResourceData();
        data.Resources.Add(known.Select(k => ResourceMessages.Of(k.Last)));
        data.ResourceTypes.Add(known.Select(k => k.Last.Snapshot.ResourceType).Distinct().Select(type => new ResourceType { UniqueName = type, DisplayName = type }));
        return new WatchResourcesUpdate { InitialData = data };
    }

    private static WatchResourcesUpdate Changed(IReadOnlyList<ResourceChange> changes)
    {
        var message = new WatchResourcesChanges();
        message.Value.Add(changes.Select(change => change.IsRemoved
            ? new WatchResourcesChange { Delete = new ResourceDeletion { ResourceName = change.Last.ResourceId, ResourceType = change.Last.Snapshot.ResourceType } }
            : new WatchResourcesChange { Upsert = ResourceMessages.Of(change.Last) }));
        return new WatchResourcesUpdate { Changes = message };
    }

    private static IEnumerable<WatchResourceConsoleLogsUpdate> Split(IReadOnlyList<LogLine> batch)
    {
        var (update, length) = (new WatchResourceConsoleLogsUpdate(), 0);
        foreach (var line in batch)
        {
            if (update.LogLines.Count > 0 && length + line.Content.Length > MaxLinesText)
            {
                yield return update;
                (update, length) = (new WatchResourceConsoleLogsUpdate(), 0);
            }

            update.LogLines.Add(new ConsoleLogLine { Text = line.Content, IsStdErr = line.IsErrorMessage, LineNumber = line.LineNumber });
            length += line.Content.Length;
        }

        if (update.LogLines.Count > 0) yield return update;
    }

    private static ResourceCommandResponse Response(ExecuteCommandResult result)
    {
        if (result.HasInvalidArguments) return Invalid(result.Message!);
        var response = new ResourceCommandResponse
        {
            Kind = result.Success ? ResourceCommandResponseKind.Succeeded : result.Canceled ? ResourceCommandResponseKind.Cancelled : ResourceCommandResponseKind.Failed,
        };
        if (result.Message is { } message) response.Message = message;
        if (result.Data is { } data)
        {
            response.Result = new ResourceCommandResult
            {
                Value = data.Value,
                DisplayImmediately = data.DisplayImmediately,
                Format = data.Format switch
                {
                    ApplicationModel.CommandResultFormat.Json => DashboardService.Proto.V1.CommandResultFormat.Json,
                    ApplicationModel.CommandResultFormat.Markdown => DashboardService.Proto.V1.CommandResultFormat.Markdown,
                    _ => DashboardService.Proto.V1.CommandResultFormat.Text,
                },
            };
        }

        return response;
    }

    private static ResourceCommandResponse Invalid(string fault) => new() { Kind = ResourceCommandResponseKind.InvalidArguments, Message = fault };

    /// <summary>The arguments as text; null, and what is wrong, for one that is neither text nor number nor truth.</summary>
    private static InteractionInputCollection? Arguments(ResourceCommandRequest request, out string? fault)
    {
        fault = null;
        var inputs = new List<InteractionInput>();
        foreach (var (name, value) in request.Arguments)
        {
            string? text;
            switch (value.KindCase)
            {
                case Value.KindOneofCase.StringValue: text = value.StringValue; break;
                case Value.KindOneofCase.NumberValue: text = value.NumberValue.ToString(CultureInfo.InvariantCulture); break;
                case Value.KindOneofCase.BoolValue: text = value.BoolValue ? "true" : "false"; break;
                case Value.KindOneofCase.NullValue or Value.KindOneofCase.None: text = null; break;
                default:
                    fault = $"Argument '{name}' is {value}: it must be a text, a number, true or false.";
                    return null;
            }

            if (inputs.Exists(i => string.Equals(i.Name, name, StringComparison.OrdinalIgnoreCase)))
            {
                fault = $"Argument '{name}' is given twice.";
                return null;
            }

            inputs.Add(new InteractionInput { Name = name, InputType = InputType.Text, Value = text });
        }

        return new InteractionInputCollection(inputs);
    }

    private ResourceEvent Known(string name) =>
        notifications.TryGetCurrentState(name, out var known) ? known : throw new RpcException(new Status(StatusCode.NotFound, $"There is no resource '{name}'."));

    /// <summary>Ends with the call, and when the app host stops to listen, so that no stream keeps it from that.</summary>
    private CancellationTokenSource Until(ServerCallContext context) => CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, stopping);
}
