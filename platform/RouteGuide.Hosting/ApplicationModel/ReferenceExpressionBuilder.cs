using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Puts a text with values in it together, piece by piece.</summary>
public class ReferenceExpressionBuilder
{
    private readonly StringBuilder _format;
    private readonly List<IValueProvider> _providers = [];
    private readonly List<string> _manifestExpressions = [];
    private readonly List<string?> _stringFormats = [];

    /// <summary>An empty text.</summary>
    public ReferenceExpressionBuilder()
        : this(capacity: 0)
    {
    }

    internal ReferenceExpressionBuilder(int capacity) => _format = new StringBuilder(capacity);

    /// <summary>Whether nothing has been added.</summary>
    public bool IsEmpty => _format.Length == 0;

    /// <summary>Adds an interpolated string.</summary>
    /// <param name="handler">The string; its parts were added when the compiler made it.</param>
    public void Append([InterpolatedStringHandlerArgument("")] in ReferenceExpressionBuilderInterpolatedStringHandler handler) => Debug.Assert(handler.AddsTo(this), "The handler adds to the builder that it was made for.");

    /// <summary>Adds text.</summary>
    public void AppendLiteral(string value) => _format.Append(value.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));

    /// <summary>Adds text that is known now.</summary>
    public void AppendFormatted(string? value) => AppendLiteral(value ?? "");

    /// <summary>Adds text that is known now.</summary>
    /// <exception cref="FormatException">The format is not <c>uri</c>.</exception>
    public void AppendFormatted(string? value, string? format) => AppendLiteral(ValidFormat(format) is null ? value ?? "" : Uri.EscapeDataString(value ?? ""));

    /// <summary>Adds a value.</summary>
    public void AppendFormatted<T>(T valueProvider)
        where T : IValueProvider, IManifestExpressionProvider => AppendFormatted(valueProvider, format: null);

    /// <summary>Adds a value.</summary>
    /// <exception cref="FormatException">The format is not <c>uri</c>.</exception>
    public void AppendFormatted<T>(T valueProvider, string? format)
        where T : IValueProvider, IManifestExpressionProvider
    {
        _format.Append(CultureInfo.InvariantCulture, $"{{{_providers.Count}}}");
        _providers.Add(valueProvider);
        _manifestExpressions.Add(valueProvider.ValueExpression);
        _stringFormats.Add(ValidFormat(format));
    }

    /// <summary>The text so far.</summary>
    public ReferenceExpression Build() => new(_format.ToString(), [.. _providers], [.. _manifestExpressions], [.. _stringFormats]);

    private static string? ValidFormat(string? format) =>
        format is null or ReferenceExpression.UriFormat ? format : throw new FormatException($"The format '{format}' is not known in a reference expression; '{ReferenceExpression.UriFormat}' is.");

    /// <summary>Adds the parts of an interpolated string; called by the compiler.</summary>
    /// <param name="literalLength">The number of literal characters.</param>
    /// <param name="formattedCount">The number of values.</param>
    /// <param name="builder">What they are added to.</param>
    [InterpolatedStringHandler]
    public readonly ref struct ReferenceExpressionBuilderInterpolatedStringHandler(int literalLength, int formattedCount, ReferenceExpressionBuilder builder)
    {
        private readonly ReferenceExpressionBuilder _builder = Prepared(builder, literalLength, formattedCount);

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

        internal bool AddsTo(ReferenceExpressionBuilder other) => ReferenceEquals(_builder, other);

        private static ReferenceExpressionBuilder Prepared(ReferenceExpressionBuilder builder, int literalLength, int formattedCount)
        {
            builder._format.EnsureCapacity(builder._format.Length + literalLength + (formattedCount * 4));
            return builder;
        }
    }
}
