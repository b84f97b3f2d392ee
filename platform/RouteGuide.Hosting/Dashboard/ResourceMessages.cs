using System.Collections;
using System.Globalization;
using Aspire.DashboardService.Proto.V1;
using Aspire.Hosting.ApplicationModel;
using Google.Protobuf.WellKnownTypes;
using HealthVerdict = Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus;
using Messages = Aspire.DashboardService.Proto.V1;

namespace Aspire.Hosting.Dashboard;

/// <summary>What is known about an instance, in the words of the contract with dashboards.</summary>
internal static class ResourceMessages
{
    /// <summary>An instance as it is at one moment.</summary>
    public static Messages.Resource Of(ResourceEvent known)
    {
        var (resource, snapshot) = (known.Resource, known.Snapshot);
        var message = new Messages.Resource
        {
            Name = known.ResourceId,
            DisplayName = resource.Name,
            ResourceType = snapshot.ResourceType,
            Uid = known.ResourceId,
            IsHidden = snapshot.IsHidden,
            SupportsDetailedTelemetry = resource.HasAnnotationOfType<OtlpExporterAnnotation>(),
            CreatedAt = Time(snapshot.CreationTimeStamp),
            StartedAt = Time(snapshot.StartTimeStamp),
            StoppedAt = Time(snapshot.StopTimeStamp),
        };
        if (snapshot.State is { } state) message.State = state.Text;
        if (snapshot.State?.Style is { } style) message.StateStyle = style;
        if (snapshot.IconName is { } icon) message.IconName = icon;
        if (snapshot.IconVariant is { } variant) message.IconVariant = Variant(variant);
        message.Environment.Add(snapshot.EnvironmentVariables.Select(Of));
        message.Urls.Add(snapshot.Urls.Select(url => Of(url, IsUp(snapshot))));
        message.Properties.Add(Properties(snapshot));
        message.HealthReports.Add(snapshot.HealthReports.Select(Of));
        message.Relationships.Add(snapshot.Relationships.Select(r => new ResourceRelationship { ResourceName = r.ResourceName, Type = r.Type }));
        message.Commands.Add(snapshot.Commands.Select(Of));
        return message;
    }

    /// <summary>A value of any kind; numbers and lists stay what they are, everything else is text.</summary>
    internal static Value ValueOf(object? value) => value switch
    {
        null => Value.ForNull(),
        string text => Value.ForString(text),
        bool truth => Value.ForBool(truth),
        int or long or double or float or short or byte => Value.ForNumber(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        DateTime time => Value.ForString(time.ToString("O", CultureInfo.InvariantCulture)),
        IEnumerable many => Value.ForList([.. many.Cast<object?>().Select(ValueOf)]),
        _ => Value.ForString(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""),
    };

    private static bool IsUp(CustomResourceSnapshot snapshot) => snapshot.State?.Text is { } state && (state == KnownResourceStates.Running || state == KnownResourceStates.Active);

    private static IEnumerable<ResourceProperty> Properties(CustomResourceSnapshot snapshot)
    {
        foreach (var property in snapshot.Properties) yield return new ResourceProperty { Name = property.Name, Value = ValueOf(property.Value), IsSensitive = property.IsSensitive };
        if (snapshot.ExitCode is { } code) yield return new ResourceProperty { Name = "resource.exitCode", Value = ValueOf(code) };
        if (snapshot.HealthStatus is { } health) yield return new ResourceProperty { Name = "resource.healthState", Value = ValueOf($"{health}") };
    }

    private static EnvironmentVariable Of(EnvironmentVariableSnapshot variable)
    {
        var message = new EnvironmentVariable { Name = variable.Name, IsFromSpec = variable.IsFromSpec };
        if (variable.Value is { } value) message.Value = value;
        return message;
    }

    private static Messages.Url Of(UrlSnapshot url, bool isUp)
    {
        var message = new Messages.Url
        {
            FullUrl = url.Url,
            IsInternal = url.IsInternal,
            IsInactive = url.IsInactive || !isUp,
            DisplayProperties = new UrlDisplayProperties { DisplayName = url.DisplayProperties.DisplayName, SortOrder = url.DisplayProperties.SortOrder },
        };
        if (url.Name is { } name) message.EndpointName = name;
        return message;
    }

    private static HealthReport Of(HealthReportSnapshot report)
    {
        var message = new HealthReport { Key = report.Name, Description = report.Description ?? "", Exception = report.ExceptionText ?? "", LastRunAt = Time(report.LastRunAt) };
        if (report.Status is { } status)
        {
            message.Status = status switch
            {
                HealthVerdict.Healthy => HealthStatus.Healthy,
                HealthVerdict.Degraded => HealthStatus.Degraded,
                _ => HealthStatus.Unhealthy,
            };
        }

        return message;
    }

    private static ResourceCommand Of(ResourceCommandSnapshot command)
    {
        var message = new ResourceCommand
        {
            Name = command.Name,
            DisplayName = command.DisplayName,
            IsHighlighted = command.IsHighlighted,
            State = command.State switch
            {
                ApplicationModel.ResourceCommandState.Enabled => Messages.ResourceCommandState.Enabled,
                ApplicationModel.ResourceCommandState.Disabled => Messages.ResourceCommandState.Disabled,
                _ => Messages.ResourceCommandState.Hidden,
            },
        };
        if (command.ConfirmationMessage is { } question) message.ConfirmationMessage = question;
        if (command.DisplayDescription is { } description) message.DisplayDescription = description;
        if (command.IconName is { } icon) message.IconName = icon;
        if (command.IconVariant is { } variant) message.IconVariant = Variant(variant);
        message.ArgumentInputs.Add(command.ArgumentInputs.Select(Of));
        return message;
    }

    private static Messages.InteractionInput Of(InteractionInput input)
    {
        var message = new Messages.InteractionInput
        {
            Name = input.Name,
            Label = input.Label ?? input.Name,
            Description = input.Description ?? "",
            EnableDescriptionMarkdown = input.EnableDescriptionMarkdown,
            InputType = input.InputType switch
            {
                InputType.Text => Messages.InputType.Text,
                InputType.SecretText => Messages.InputType.SecretText,
                InputType.Choice => Messages.InputType.Choice,
                InputType.Boolean => Messages.InputType.Boolean,
                _ => Messages.InputType.Number,
            },
            Required = input.Required,
            Value = input.Value ?? "",
            Placeholder = input.Placeholder ?? "",
            AllowCustomChoice = input.AllowCustomChoice,
            Disabled = input.Disabled,
            MaxLength = input.MaxLength ?? 0,
        };
        foreach (var (value, text) in input.Options ?? []) message.Options[value] = text;
        return message;
    }

    private static Messages.IconVariant Variant(ApplicationModel.IconVariant variant) =>
        variant == ApplicationModel.IconVariant.Filled ? Messages.IconVariant.Filled : Messages.IconVariant.Regular;

    private static Timestamp? Time(DateTime? time) => time is { } known ? Timestamp.FromDateTime(DateTime.SpecifyKind(known, DateTimeKind.Utc)) : null;
}
