using System.Collections;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Aspire.Hosting;

/// <summary>What kind of value is asked for.</summary>
public enum InputType
{
    /// <summary>A line of text.</summary>
    Text,

    /// <summary>A text that must not be shown.</summary>
    SecretText,

    /// <summary>One of several values.</summary>
    Choice,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean,

    /// <summary>A number, with a point for the decimals.</summary>
    Number,
}

/// <summary>A value that is asked for, and the value once it was given.</summary>
[DebuggerDisplay("{Name} = {Value}")]
public sealed class InteractionInput
{
    private readonly int? _maxLength;

    /// <summary>The name by which the value is given, unique among those asked for together.</summary>
    public required string Name { get; init; }

    /// <summary>What is shown beside it; null shows the name.</summary>
    public string? Label { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Whether <see cref="Description"/> is Markdown.</summary>
    public bool EnableDescriptionMarkdown { get; init; }

    /// <summary>What kind of value it is.</summary>
    public required InputType InputType { get; init; }

    /// <summary>Whether there must be a value.</summary>
    public bool Required { get; init; }

    /// <summary>What a <see cref="InputType.Choice"/> is made from: the value, and the text that is shown for it.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Options { get; init; }

    /// <summary>The value; before it was given the one that is proposed.</summary>
    public string? Value { get; set; }

    /// <summary>What is shown while there is no value.</summary>
    public string? Placeholder { get; set; }

    /// <summary>Whether a <see cref="InputType.Choice"/> may be something else than its options.</summary>
    public bool AllowCustomChoice { get; init; }

    /// <summary>Whether it is shown and cannot be changed.</summary>
    public bool Disabled { get; set; }

    /// <summary>How many characters a text may have; null for any number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    public int? MaxLength
    {
        get => _maxLength;
        init
        {
            if (value is { } length) ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
            _maxLength = value;
        }
    }

    /// <summary>What the value must be, in words for a message; null for what <see cref="InputType"/> says.</summary>
    internal string? Wanted { get; init; }

    internal InteractionInput With(string? value) => new()
    {
        Name = Name,
        Label = Label,
        Description = Description,
        EnableDescriptionMarkdown = EnableDescriptionMarkdown,
        InputType = InputType,
        Required = Required,
        Options = Options,
        Value = value,
        Placeholder = Placeholder,
        AllowCustomChoice = AllowCustomChoice,
        Disabled = Disabled,
        MaxLength = MaxLength,
        Wanted = Wanted,
    };
}

/// <summary>Values that are asked for together, in their order and by their names.</summary>
[DebuggerDisplay("Count = {Count}")]
public sealed class InteractionInputCollection : IReadOnlyList<InteractionInput>
{
    private readonly IReadOnlyList<InteractionInput> _inputs;

    /// <param name="inputs">The values; names are compared without regard to case.</param>
    /// <exception cref="InvalidOperationException">Two have the same name.</exception>
    public InteractionInputCollection(IReadOnlyList<InteractionInput> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var twice = inputs.GroupBy(i => i.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null) throw new InvalidOperationException($"The input '{twice.Key}' is there twice: names must differ.");
        _inputs = inputs;
    }

    /// <summary>How many there are.</summary>
    public int Count => _inputs.Count;

    /// <summary>The names, in order.</summary>
    public IEnumerable<string> Names => _inputs.Select(i => i.Name);

    /// <summary>The one at a place.</summary>
    public InteractionInput this[int index] => _inputs[index];

    /// <summary>The one of a name.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public InteractionInput this[string name] => TryGetByName(name, out var input) ? input : throw new KeyNotFoundException($"There is no input '{name}'.");

    /// <summary>Finds the one of a name.</summary>
    public bool TryGetByName(string name, [NotNullWhen(true)] out InteractionInput? input)
    {
        input = _inputs.FirstOrDefault(i => string.Equals(i.Name, name, StringComparison.OrdinalIgnoreCase));
        return input is not null;
    }

    /// <summary>Whether there is one of a name.</summary>
    public bool ContainsName(string name) => TryGetByName(name, out _);

    /// <inheritdoc/>
    public IEnumerator<InteractionInput> GetEnumerator() => _inputs.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
