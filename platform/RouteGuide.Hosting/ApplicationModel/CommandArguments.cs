using System.Globalization;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Puts what was given for a command's inputs in its place, and says what is wrong with it.</summary>
internal static class CommandArguments
{
    /// <summary>The inputs of a command with the values that were given for them.</summary>
    /// <param name="command">The command.</param>
    /// <param name="given">The values; null for none.</param>
    /// <param name="fault">What is wrong, naming the argument and its value; null for nothing.</param>
    public static InteractionInputCollection? Bind(ResourceCommandAnnotation command, InteractionInputCollection? given, out string? fault)
    {
        var inputs = command.ArgumentInputs ?? [];
        var stranger = given?.FirstOrDefault(g => !inputs.Any(i => string.Equals(i.Name, g.Name, StringComparison.OrdinalIgnoreCase)));
        fault = stranger is null ? null : inputs.Count == 0
            ? $"Command '{command.Name}' takes no arguments, and was given '{stranger.Name}'."
            : $"Command '{command.Name}' has no argument '{stranger.Name}'; it has {string.Join(", ", inputs.Select(i => $"'{i.Name}'"))}.";
        if (inputs.Count == 0) return null;
        var bound = new InteractionInputCollection([.. inputs.Select(i => i.With(given is not null && given.TryGetByName(i.Name, out var g) ? g.Value : i.Value))]);
        fault ??= bound.Select(Fault).FirstOrDefault(f => f is not null) ?? command.Validate?.Invoke(bound);
        return bound;
    }

    private static string? Fault(InteractionInput input)
    {
        if (string.IsNullOrEmpty(input.Value)) return input.Required ? $"Argument '{input.Name}' is missing: {Wanted(input)}." : null;
        var fits = input.InputType switch
        {
            InputType.Number => double.TryParse(input.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number),
            InputType.Boolean => bool.TryParse(input.Value, out _),
            InputType.Choice => input.AllowCustomChoice || input.Options is null || input.Options.Any(o => o.Key == input.Value),
            _ => input.MaxLength is not { } length || input.Value.Length <= length,
        };
        return fits ? null : $"Argument '{input.Name}' is {Shown(input)}: {Wanted(input)}.";
    }

    private static string Wanted(InteractionInput input) => input.InputType switch
    {
        _ when input.Wanted is { } wanted => $"it must be {wanted}",
        InputType.Number => "it must be a number",
        InputType.Boolean => "it must be true or false",
        InputType.Choice when input.Options is { Count: > 0 } options && !input.AllowCustomChoice => $"it must be one of {string.Join(", ", options.Select(o => $"'{o.Key}'"))}",
        _ => input.MaxLength is { } length ? $"it must be a text of 1 to {length} characters" : "it must be a text",
    };

    private static string Shown(InteractionInput input) => input.InputType == InputType.SecretText ? "not as it must be" : $"'{input.Value}'";
}
