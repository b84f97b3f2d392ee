using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The names of the commands that every process has.</summary>
public static class KnownResourceCommands
{
    /// <summary>Starts it.</summary>
    public static readonly string StartCommand = "start";

    /// <summary>Stops it.</summary>
    public static readonly string StopCommand = "stop";

    /// <summary>Stops and starts it.</summary>
    public static readonly string RestartCommand = "restart";

    /// <summary>Stops all replicas of a project, builds it, and starts them.</summary>
    public static readonly string RebuildCommand = "rebuild";

    /// <summary>Changes how many replicas of a project run.</summary>
    internal const string ScaleCommand = "resource-scale";
}

/// <summary>A variant of an icon.</summary>
public enum IconVariant
{
    /// <summary>Lines.</summary>
    Regular,

    /// <summary>Filled.</summary>
    Filled,
}

/// <summary>Whether a command can be given now.</summary>
public enum ResourceCommandState
{
    /// <summary>It can.</summary>
    Enabled,

    /// <summary>It is shown and cannot.</summary>
    Disabled,

    /// <summary>It is not shown.</summary>
    Hidden,
}

/// <summary>How a command is shown, and when it can be given.</summary>
public class CommandOptions
{
    /// <summary>What it does.</summary>
    public string? Description { get; set; }

    /// <summary>A value that goes with it.</summary>
    public object? Parameter { get; set; }

    /// <summary>The arguments that it takes, in the order in which they are asked for.</summary>
    public IReadOnlyList<InteractionInput> Arguments { get; set; } = [];

    /// <summary>What is asked before.</summary>
    public string? ConfirmationMessage { get; set; }

    /// <summary>A Fluent icon's name.</summary>
    public string? IconName { get; set; }

    /// <summary>The icon's variant.</summary>
    public IconVariant? IconVariant { get; set; }

    /// <summary>Whether it stands beside the resource rather than in its menu.</summary>
    public bool IsHighlighted { get; set; }

    /// <summary>Says when it can be given; null means always.</summary>
    public Func<UpdateCommandStateContext, ResourceCommandState>? UpdateState { get; set; }
}

/// <summary>What a command's state depends on.</summary>
public sealed class UpdateCommandStateContext
{
    /// <summary>The instance now.</summary>
    public required CustomResourceSnapshot ResourceSnapshot { get; init; }

    /// <summary>The services of the application.</summary>
    public required IServiceProvider ServiceProvider { get; init; }
}

/// <summary>What a command is executed with.</summary>
public sealed class ExecuteCommandContext
{
    /// <summary>The services of the application.</summary>
    public required IServiceProvider ServiceProvider { get; init; }

    /// <summary>The instance.</summary>
    public required string ResourceName { get; init; }

    /// <summary>Ends when nobody wants the result any more.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>Writes among the instance's own lines.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>The command's inputs with the values that were given for them; null for a command that takes none.</summary>
    public InteractionInputCollection? Arguments { get; init; }
}

/// <summary>The form of what a command gives back.</summary>
public enum CommandResultFormat
{
    /// <summary>Plain text.</summary>
    Text,

    /// <summary>JSON.</summary>
    Json,

    /// <summary>Markdown.</summary>
    Markdown,
}

/// <summary>What a command gives back.</summary>
public sealed class CommandResultData
{
    /// <summary>The text.</summary>
    public required string Value { get; init; }

    /// <summary>The text's form.</summary>
    public CommandResultFormat Format { get; init; }

    /// <summary>Whether it is shown at once.</summary>
    public bool DisplayImmediately { get; init; }
}

/// <summary>How a command ended.</summary>
public sealed class ExecuteCommandResult
{
    /// <summary>Whether it did what it should.</summary>
    public required bool Success { get; init; }

    /// <summary>Whether it was broken off.</summary>
    public bool Canceled { get; init; }

    /// <summary>In words.</summary>
    public string? Message { get; init; }

    /// <summary>What it gave back.</summary>
    public CommandResultData? Data { get; init; }

    /// <summary>Whether it was not begun, because the arguments are not what it takes.</summary>
    internal bool HasInvalidArguments { get; init; }

    /// <summary>What went wrong.</summary>
    [Obsolete("Use Message instead.")]
    public string? ErrorMessage
    {
        get => Message;
        init => Message = value;
    }
}

/// <summary>Makes results of commands.</summary>
public static class CommandResults
{
    /// <summary>It did what it should.</summary>
    public static ExecuteCommandResult Success() => new() { Success = true };

    /// <summary>It did what it should.</summary>
    /// <param name="message">In words.</param>
    /// <param name="result">What it gave back.</param>
    /// <param name="resultFormat">The form of <paramref name="result"/>.</param>
    public static ExecuteCommandResult Success(string message, string result, CommandResultFormat resultFormat = CommandResultFormat.Text) =>
        Success(message, new CommandResultData { Value = result, Format = resultFormat });

    /// <summary>It did what it should.</summary>
    /// <param name="message">In words.</param>
    /// <param name="value">What it gave back.</param>
    public static ExecuteCommandResult Success(string message, CommandResultData value) => new() { Success = true, Message = message, Data = value };

    /// <summary>It failed.</summary>
    /// <param name="errorMessage">What went wrong.</param>
    public static ExecuteCommandResult Failure(string? errorMessage = null) => new() { Success = false, Message = errorMessage };

    /// <summary>It failed.</summary>
    /// <param name="errorMessage">What went wrong.</param>
    /// <param name="result">What it gave back.</param>
    /// <param name="resultFormat">The form of <paramref name="result"/>.</param>
    public static ExecuteCommandResult Failure(string errorMessage, string result, CommandResultFormat resultFormat = CommandResultFormat.Text) =>
        Failure(errorMessage, new CommandResultData { Value = result, Format = resultFormat });

    /// <summary>It failed.</summary>
    /// <param name="errorMessage">What went wrong.</param>
    /// <param name="value">What it gave back.</param>
    public static ExecuteCommandResult Failure(string errorMessage, CommandResultData value) => new() { Success = false, Message = errorMessage, Data = value };

    /// <summary>It failed.</summary>
    /// <param name="exception">What went wrong.</param>
    public static ExecuteCommandResult Failure(Exception exception) => Failure(exception.Message);

    /// <summary>It was broken off.</summary>
    public static ExecuteCommandResult Canceled() => new() { Success = false, Canceled = true };
}

/// <summary>A command of a resource.</summary>
/// <param name="name">The name by which it is given.</param>
/// <param name="displayName">The name that is shown.</param>
/// <param name="updateState">Says when it can be given.</param>
/// <param name="executeCommand">Does it, for one instance.</param>
/// <param name="displayDescription">What it does.</param>
/// <param name="parameter">A value that goes with it.</param>
/// <param name="confirmationMessage">What is asked before.</param>
/// <param name="iconName">A Fluent icon's name.</param>
/// <param name="iconVariant">The icon's variant.</param>
/// <param name="isHighlighted">Whether it stands beside the resource rather than in its menu.</param>
[DebuggerDisplay("{Name}")]
public sealed class ResourceCommandAnnotation(
    string name,
    string displayName,
    Func<UpdateCommandStateContext, ResourceCommandState> updateState,
    Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand,
    string? displayDescription,
    object? parameter,
    string? confirmationMessage,
    string? iconName,
    IconVariant? iconVariant,
    bool isHighlighted) : IResourceAnnotation
{
    /// <param name="name">The name by which it is given.</param>
    /// <param name="displayName">The name that is shown.</param>
    /// <param name="updateState">Says when it can be given.</param>
    /// <param name="executeCommand">Does it, for one instance.</param>
    /// <param name="displayDescription">What it does.</param>
    /// <param name="parameter">A value that goes with it.</param>
    /// <param name="argumentInputs">The arguments that it takes; null for none.</param>
    /// <param name="confirmationMessage">What is asked before.</param>
    /// <param name="iconName">A Fluent icon's name.</param>
    /// <param name="iconVariant">The icon's variant.</param>
    /// <param name="isHighlighted">Whether it stands beside the resource rather than in its menu.</param>
    public ResourceCommandAnnotation(
        string name,
        string displayName,
        Func<UpdateCommandStateContext, ResourceCommandState> updateState,
        Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand,
        string? displayDescription,
        object? parameter,
        IReadOnlyList<InteractionInput>? argumentInputs,
        string? confirmationMessage,
        string? iconName,
        IconVariant? iconVariant,
        bool isHighlighted)
        : this(name, displayName, updateState, executeCommand, displayDescription, parameter, confirmationMessage, iconName, iconVariant, isHighlighted) =>
        ArgumentInputs = argumentInputs;

    /// <summary>The name by which it is given.</summary>
    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));

    /// <summary>The name that is shown.</summary>
    public string DisplayName { get; } = displayName ?? throw new ArgumentNullException(nameof(displayName));

    /// <summary>Says when it can be given.</summary>
    public Func<UpdateCommandStateContext, ResourceCommandState> UpdateState { get; } = updateState ?? throw new ArgumentNullException(nameof(updateState));

    /// <summary>Does it, for one instance.</summary>
    public Func<ExecuteCommandContext, Task<ExecuteCommandResult>> ExecuteCommand { get; } = executeCommand ?? throw new ArgumentNullException(nameof(executeCommand));

    /// <summary>What it does.</summary>
    public string? DisplayDescription { get; } = displayDescription;

    /// <summary>A value that goes with it.</summary>
    public object? Parameter { get; } = parameter;

    /// <summary>The arguments that it takes; null for none.</summary>
    public IReadOnlyList<InteractionInput>? ArgumentInputs { get; private init; }

    /// <summary>What is asked before.</summary>
    public string? ConfirmationMessage { get; } = confirmationMessage;

    /// <summary>A Fluent icon's name.</summary>
    public string? IconName { get; } = iconName;

    /// <summary>The icon's variant.</summary>
    public IconVariant? IconVariant { get; } = iconVariant;

    /// <summary>Whether it stands beside the resource rather than in its menu.</summary>
    public bool IsHighlighted { get; } = isHighlighted;

    /// <summary>Says what is wrong with arguments that each by itself are what they must be; null for nothing.</summary>
    internal Func<InteractionInputCollection, string?>? Validate { get; init; }

    /// <summary>Whether it is about the resource as a whole: given to all instances, it runs once.</summary>
    internal bool IsForWholeResource { get; init; }
}

/// <summary>A command as it is shown now.</summary>
/// <param name="Name">The name by which it is given.</param>
/// <param name="State">Whether it can be given.</param>
/// <param name="DisplayName">The name that is shown.</param>
/// <param name="DisplayDescription">What it does.</param>
/// <param name="Parameter">A value that goes with it.</param>
/// <param name="ConfirmationMessage">What is asked before.</param>
/// <param name="IconName">A Fluent icon's name.</param>
/// <param name="IconVariant">The icon's variant.</param>
/// <param name="IsHighlighted">Whether it stands beside the resource rather than in its menu.</param>
public sealed record ResourceCommandSnapshot(string Name, ResourceCommandState State, string DisplayName, string? DisplayDescription, object? Parameter, string? ConfirmationMessage, string? IconName, IconVariant? IconVariant, bool IsHighlighted)
{
    /// <summary>The arguments that it takes.</summary>
    public ImmutableArray<InteractionInput> ArgumentInputs { get; init; } = [];
}
