using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A text with values in it that are known only when the application runs, written as an interpolated string.</summary>
[DebuggerDisplay("{ValueExpression}")]
public class ReferenceExpression : IExpressionValue, IValueWithReferences
{
    /// <summary>The empty text.</summary>
    public static readonly ReferenceExpression Empty = new("", [], [], []);

    internal const string UriFormat = "uri";

    private readonly IReadOnlyList<string> _manifestExpressions;

    internal ReferenceExpression(string format, IReadOnlyList<IValueProvider> valueProviders, IReadOnlyList<string> manifestExpressions, IReadOnlyList<string?> stringFormats)
    {
        Format = format;
        ValueProviders = valueProviders;
        _manifestExpressions = manifestExpressions;
        StringFormats = stringFormats;
    }

    /// <summary>The text as <see cref="string.Format(string, object?[])"/> takes it.</summary>
    public string Format { get; }

    /// <summary>The values, in the order of their places.</summary>
    public IReadOnlyList<IValueProvider> ValueProviders { get; }

    /// <summary>How a manifest refers to each value.</summary>
    public IReadOnlyList<string> ManifestExpressions => _manifestExpressions;

    /// <summary>The format of each value: null, or <c>uri</c> to escape it for a place in a url.</summary>
    public IReadOnlyList<string?> StringFormats { get; }

    /// <summary>The text as a manifest has it.</summary>
    public string ValueExpression => string.Format(null, Format, [.. _manifestExpressions]);

    IEnumerable<object> IValueWithReferences.References => ValueProviders;

    /// <summary>Makes an expression of an interpolated string.</summary>
    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) => handler.Build();

    /// <summary>The text with its values; waits until all are known. Null if a value is null.</summary>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => GetValueAsync(new ValueProviderContext(), cancellationToken);

    /// <summary>The text with its values as one caller sees them; waits until all are known. Null if a value is null.</summary>
    public async ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken)
    {
        var values = new object?[ValueProviders.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var value = await ValueProviders[i].GetValueAsync(context, cancellationToken).ConfigureAwait(false);
            if (value is null) return null;
            values[i] = StringFormats[i] == UriFormat ? Uri.EscapeDataString(value) : value;
        }

        return string.Format(null, Format, values);
    }

    /// <summary>Collects the parts of an interpolated string; called by the compiler.</summary>
    /// <param name="literalLength">The number of literal characters.</param>
    /// <param name="formattedCount">The number of values.</param>
    [InterpolatedStringHandler]
    public readonly ref struct ExpressionInterpolatedStringHandler(int literalLength, int formattedCount)
    {
        private readonly ReferenceExpressionBuilder _builder = new(literalLength + (formattedCount * 4));

        /// <summary>Adds text.</summary>
        public void AppendLiteral(string value) => _builder.AppendLiteral(value);

        /// <summary>Adds text that is known now.</summary>
        public void AppendFormatted(string? value) => _builder.AppendFormatted(value);

        /// <summary>Adds text that is known now.</summary>
        /// <exception cref="FormatException">The format is not <c>uri</c>.</exception>
        public void AppendFormatted(string? value, string? format = null) => _builder.AppendFormatted(value, format);

        /// <summary>Adds a value.</summary>
        public void AppendFormatted<T>(T valueProvider)
            where T : IValueProvider, IManifestExpressionProvider => _builder.AppendFormatted(valueProvider);

        /// <summary>Adds a value.</summary>
        /// <exception cref="FormatException">The format is not <c>uri</c>.</exception>
        public void AppendFormatted<T>(T valueProvider, string? format = null)
            where T : IValueProvider, IManifestExpressionProvider => _builder.AppendFormatted(valueProvider, format);

        /// <summary>Adds the value of a resource.</summary>
        public void AppendFormatted<T>(IResourceBuilder<T> valueProvider)
            where T : IResource, IValueProvider, IManifestExpressionProvider => _builder.AppendFormatted(valueProvider.Resource);

        /// <summary>Adds the value of a resource.</summary>
        /// <exception cref="FormatException">The format is not <c>uri</c>.</exception>
        public void AppendFormatted<T>(IResourceBuilder<T> valueProvider, string? format = null)
            where T : IResource, IValueProvider, IManifestExpressionProvider => _builder.AppendFormatted(valueProvider.Resource, format);

        internal ReferenceExpression Build() => _builder.Build();
    }
}
