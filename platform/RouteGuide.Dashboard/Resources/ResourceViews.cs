using System.Text.Json.Serialization;

namespace RouteGuide.Dashboard.Resources;

/// <summary>What the pages see of a resource: one running thing; each replica is one.</summary>
internal sealed record ResourceView(
    string Name, string DisplayName, string Type, string Uid, string? State, string? StateStyle, string? Health, string? CreatedAt, string? StartedAt, string? StoppedAt, bool Hidden,
    string? IconName, int Color, IReadOnlyList<UrlView> Urls, IReadOnlyList<VariableView> Environment, IReadOnlyList<PropertyView> Properties, IReadOnlyList<HealthReportView> HealthReports,
    IReadOnlyList<RelationshipView> Relationships, IReadOnlyList<VolumeView> Volumes, IReadOnlyList<CommandView> Commands)
{
    /// <summary>Whether it is something that the app model was given, and nothing that runs.</summary>
    [JsonIgnore]
    public bool IsValue => Type is "Parameter" or "ConnectionString";
}

internal sealed record UrlView(string? Endpoint, string Url, string DisplayName, int SortOrder, bool Internal, bool Inactive);

internal sealed record VariableView(string Name, string? Value, bool FromSpec);

internal sealed record PropertyView(string Name, string? DisplayName, object? Value, bool Sensitive, bool Highlighted, int? SortOrder);

internal sealed record HealthReportView(string Key, string? Status, string Description, string Exception, string? LastRunAt);

internal sealed record RelationshipView(string Resource, string Type);

internal sealed record VolumeView(string Source, string Target, string MountType, bool ReadOnly);

internal sealed record CommandView(
    string Name, string DisplayName, string? Description, string? Confirmation, string? IconName, bool Highlighted, string State, IReadOnlyList<InputView> Inputs);

internal sealed record InputView(
    string Name, string Label, string Description, string Placeholder, string Type, bool Required, string Value, IReadOnlyList<OptionView> Options, int? MaxLength, bool AllowCustomChoice, bool Disabled);

internal sealed record OptionView(string Value, string Label);

/// <summary>How a command ended.</summary>
internal sealed record CommandResultView(string Kind, string? Message, CommandOutputView? Result);

internal sealed record CommandOutputView(string Value, string Format, bool DisplayImmediately);

/// <summary>What changed among the resources, or all of them.</summary>
internal sealed record ResourcesEvent(
    string Connection, string? Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ResourceView>? Snapshot = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ResourceView>? Upserts = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Deletes = null);
