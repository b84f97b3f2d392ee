using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>What is known about one instance of a resource at one moment.</summary>
[DebuggerDisplay("{ResourceType,nq} {State?.Text,nq} {HealthStatus,nq}")]
public sealed record CustomResourceSnapshot()
{
    /// <summary><c>Project</c>, <c>Executable</c>, <c>Parameter</c> or a word of its own.</summary>
    public required string ResourceType { get; init; }

    /// <summary>Facts to show.</summary>
    public required ImmutableArray<ResourcePropertySnapshot> Properties { get; init; }

    /// <summary>When the instance was made, UTC.</summary>
    public DateTime? CreationTimeStamp { get; init; }

    /// <summary>When its process started, UTC.</summary>
    public DateTime? StartTimeStamp { get; init; }

    /// <summary>When its process ended, UTC.</summary>
    public DateTime? StopTimeStamp { get; init; }

    /// <summary>What it does now.</summary>
    public ResourceStateSnapshot? State { get; init; }

    /// <summary>The exit code of the process, once it has ended; 128 + n for one that signal n ended.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Its health: null unless it runs; healthy at once if nothing checks it.</summary>
    public HealthStatus? HealthStatus => State?.Text != KnownResourceStates.Running ? null
        : HealthReports.IsDefaultOrEmpty ? Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy
        : HealthReports.Min(r => r.Status ?? Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Unhealthy);

    /// <summary>What each health check said last.</summary>
    public ImmutableArray<HealthReportSnapshot> HealthReports { get; internal init; } = [];

    /// <summary>The variables that the process was started with.</summary>
    public ImmutableArray<EnvironmentVariableSnapshot> EnvironmentVariables { get; init; } = [];

    /// <summary>The urls.</summary>
    public ImmutableArray<UrlSnapshot> Urls { get; init; } = [];

    /// <summary>What it is tied to.</summary>
    public ImmutableArray<RelationshipSnapshot> Relationships { get; init; } = [];

    /// <summary>What can be done with it.</summary>
    public ImmutableArray<ResourceCommandSnapshot> Commands { get; init; } = [];

    /// <summary>Whether it is left out of lists.</summary>
    public bool IsHidden { get; init; }

    /// <summary>A Fluent icon's name.</summary>
    public string? IconName { get; init; }

    /// <summary>The icon's variant.</summary>
    public IconVariant? IconVariant { get; init; }

    /// <summary>Whether its process ended because somebody told it to: those who wait for the resource do not wait for it, nor take it for failed.</summary>
    internal bool IsStoppedOnDemand { get; init; }

    /// <summary>The run of the handlers of <see cref="ResourceReadyEvent"/>; null until the resource is ready.</summary>
    internal Task? ReadyEvent { get; init; }
}

/// <summary>A state and how it is shown.</summary>
/// <param name="Text">The state, one of <see cref="KnownResourceStates"/> or another word.</param>
/// <param name="Style">One of <see cref="KnownResourceStateStyles"/>; null is plain.</param>
[DebuggerDisplay("{Text}")]
public sealed record ResourceStateSnapshot(string Text, string? Style)
{
    /// <summary>A state in plain style; null stays null.</summary>
    public static implicit operator ResourceStateSnapshot?(string? s) => s is null ? null : new(s, Style: null);
}

/// <summary>What a health check said.</summary>
/// <param name="Name">The check.</param>
/// <param name="Status">Its verdict; null before the first.</param>
/// <param name="Description">In words.</param>
/// <param name="ExceptionText">What went wrong.</param>
public sealed record HealthReportSnapshot(string Name, HealthStatus? Status, string? Description, string? ExceptionText)
{
    /// <summary>When it was asked last, UTC.</summary>
    public DateTime? LastRunAt { get; init; }
}

/// <summary>A variable of the environment.</summary>
/// <param name="Name">The name.</param>
/// <param name="Value">The value.</param>
/// <param name="IsFromSpec">Whether the model set it, rather than the app host's own environment.</param>
public sealed record EnvironmentVariableSnapshot(string Name, string? Value, bool IsFromSpec);

/// <summary>A fact to show.</summary>
/// <param name="Name">What.</param>
/// <param name="Value">Its value.</param>
public sealed record ResourcePropertySnapshot(string Name, object? Value)
{
    /// <summary>Whether it must be masked.</summary>
    public bool IsSensitive { get; init; }
}

/// <summary>A tie to another resource.</summary>
/// <param name="ResourceName">The other.</param>
/// <param name="Type">How.</param>
public sealed record RelationshipSnapshot(string ResourceName, string Type);

/// <summary>A url.</summary>
/// <param name="Name">The endpoint's name; null for one that belongs to none.</param>
/// <param name="Url">The url.</param>
/// <param name="IsInternal">Whether it is the instance's own rather than the resource's.</param>
public sealed record UrlSnapshot(string? Name, string Url, bool IsInternal)
{
    /// <summary>Whether nothing answers there now.</summary>
    public bool IsInactive { get; init; }

    /// <summary>How it is shown.</summary>
    public UrlDisplayPropertiesSnapshot DisplayProperties { get; init; } = new();
}

/// <summary>How a url is shown.</summary>
/// <param name="DisplayName">What is shown instead of it; empty for the url itself.</param>
/// <param name="SortOrder">Higher comes first.</param>
public sealed record UrlDisplayPropertiesSnapshot(string DisplayName = "", int SortOrder = 0);

/// <summary>The states that the app host knows.</summary>
public static class KnownResourceStates
{
    /// <summary>It starts when it is told to.</summary>
    public static readonly string NotStarted = "NotStarted";

    /// <summary>It waits for another.</summary>
    public static readonly string Waiting = "Waiting";

    /// <summary>Its process is being started.</summary>
    public static readonly string Starting = "Starting";

    /// <summary>It is being built.</summary>
    public static readonly string Building = "Building";

    /// <summary>Its process runs.</summary>
    public static readonly string Running = "Running";

    /// <summary>It is there and has no process, for example a parameter that has a value.</summary>
    public static readonly string Active = "Active";

    /// <summary>Its process was asked to end.</summary>
    public static readonly string Stopping = "Stopping";

    /// <summary>Its process ended by itself, successfully.</summary>
    public static readonly string Finished = "Finished";

    /// <summary>Its process ended with an error or was ended.</summary>
    public static readonly string Exited = "Exited";

    /// <summary>Its process could not be started.</summary>
    public static readonly string FailedToStart = "FailedToStart";

    /// <summary>What it runs on does not work.</summary>
    public static readonly string RuntimeUnhealthy = "RuntimeUnhealthy";

    /// <summary>It is a parameter without a value.</summary>
    public static readonly string ValueMissing = "ValueMissing";

    /// <summary>The states that nothing follows by itself.</summary>
    public static readonly IReadOnlyList<string> TerminalStates = [Finished, FailedToStart, Exited];
}

/// <summary>The styles of states.</summary>
public static class KnownResourceStateStyles
{
    /// <summary>Something went wrong.</summary>
    public static readonly string Error = "error";

    /// <summary>As it should be.</summary>
    public static readonly string Success = "success";

    /// <summary>Worth knowing.</summary>
    public static readonly string Info = "info";

    /// <summary>Worth a look.</summary>
    public static readonly string Warn = "warning";
}
