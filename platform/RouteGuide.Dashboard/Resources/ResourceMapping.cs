using Aspire.DashboardService.Proto.V1;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Resources;

/// <summary>From what the app host says to what the pages see.</summary>
internal static class ResourceMapping
{
    public static ResourceView View(Resource resource, Palette palette) => new(
        resource.Name,
        resource.DisplayName.Length > 0 ? resource.DisplayName : resource.Name,
        resource.ResourceType,
        resource.Uid,
        resource.HasState ? resource.State : null,
        resource.HasStateStyle ? resource.StateStyle : null,
        HealthOf(resource.HealthReports),
        Time(resource.CreatedAt),
        Time(resource.StartedAt),
        Time(resource.StoppedAt),
        resource.IsHidden,
        resource.HasIconName ? resource.IconName : null,
        palette.Of(resource.Name),
        [.. resource.Urls.Select(url => new UrlView(url.HasEndpointName ? url.EndpointName : null, url.FullUrl, url.DisplayProperties?.DisplayName ?? "", url.DisplayProperties?.SortOrder ?? 0, url.IsInternal, url.IsInactive))],
        [.. resource.Environment.Select(variable => new VariableView(variable.Name, variable.HasValue ? variable.Value : null, variable.IsFromSpec))],
        [.. resource.Properties.Select(property => new PropertyView(property.Name, property.HasDisplayName ? property.DisplayName : null, Plain(property.Value, 0), property.IsSensitive, property.IsHighlighted, property.HasSortOrder ? property.SortOrder : null))],
        [.. resource.HealthReports.Select(report => new HealthReportView(report.Key, report.HasStatus ? Name(report.Status) : null, report.Description, report.Exception, Time(report.LastRunAt)))],
        [.. resource.Relationships.Select(relationship => new RelationshipView(relationship.ResourceName, relationship.Type))],
        [.. resource.Volumes.Select(volume => new VolumeView(volume.Source, volume.Target, volume.MountType, volume.IsReadOnly))],
        [.. resource.Commands.Select(View)]);

    public static CommandResultView View(ResourceCommandResponse response) => new(
        response.Kind.ToString(),
#pragma warning disable CS0612 // Hosts that are older say it here.
        response.HasMessage ? response.Message : response.HasErrorMessage ? response.ErrorMessage : null,
#pragma warning restore CS0612
        response.Result is { } result ? new CommandOutputView(result.Value, result.Format.ToString(), result.DisplayImmediately) : null);

    private static CommandView View(ResourceCommand command) => new(
        command.Name,
        command.DisplayName,
        command.HasDisplayDescription ? command.DisplayDescription : null,
        command.HasConfirmationMessage ? command.ConfirmationMessage : null,
        command.HasIconName ? command.IconName : null,
        command.IsHighlighted,
        command.State.ToString(),
        [.. command.ArgumentInputs.Select(input => new InputView(
            input.Name, input.Label, input.Description, input.Placeholder, input.InputType == InputType.Unspecified ? "Text" : input.InputType.ToString(), input.Required, input.Value,
            [.. input.Options.Select(option => new OptionView(option.Key, option.Value))], input.MaxLength > 0 ? input.MaxLength : null, input.AllowCustomChoice, input.Disabled))]);

    // The worst that a check says; what has not been checked yet is not known to be well.
    private static string? HealthOf(RepeatedField<HealthReport> reports) => reports switch
    {
        { Count: 0 } => null,
        _ when reports.Any(report => report is { HasStatus: true, Status: HealthStatus.Unhealthy }) => "Unhealthy",
        _ when reports.Any(report => !report.HasStatus) => "Unknown",
        _ when reports.Any(report => report.Status == HealthStatus.Degraded) => "Degraded",
        _ => "Healthy",
    };

    private static string Name(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "Healthy",
        HealthStatus.Degraded => "Degraded",
        _ => "Unhealthy",
    };

    private static string? Time(Timestamp? time) => time is null || time.Seconds is < -62135596800 or > 253402300799 || time.Nanos is < 0 or > 999_999_999 ? null : Iso.Time(time.ToDateTime());

    // A value that nests without end is cut off where no page would show it.
    private static object? Plain(Value? value, int depth) => value?.KindCase switch
    {
        _ when depth > 16 => null,
        Value.KindOneofCase.StringValue => value.StringValue,
        Value.KindOneofCase.NumberValue => double.IsFinite(value.NumberValue) ? value.NumberValue : value.NumberValue.ToString(),
        Value.KindOneofCase.BoolValue => value.BoolValue,
        Value.KindOneofCase.ListValue => value.ListValue.Values.Select(item => Plain(item, depth + 1)).ToArray(),
        Value.KindOneofCase.StructValue => value.StructValue.Fields.ToDictionary(field => field.Key, field => Plain(field.Value, depth + 1)),
        _ => null,
    };
}
