namespace Aspire.Hosting.ApplicationModel;

/// <summary>A resource that others reach by a connection string.</summary>
public interface IResourceWithConnectionString : IResource, IExpressionValue, IValueWithReferences
{
    /// <summary>The connection string, with values in it that are known when the application runs.</summary>
    ReferenceExpression ConnectionStringExpression { get; }

    /// <summary>The variable in which those who reference the resource are told; null means <c>ConnectionStrings__name</c>.</summary>
    string? ConnectionStringEnvironmentVariable => null;

    string IManifestExpressionProvider.ValueExpression => $"{{{Name}.connectionString}}";

    IEnumerable<object> IValueWithReferences.References => [ConnectionStringExpression];

    /// <summary>The connection string; null where a part of it has no value.</summary>
    ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) => ConnectionStringExpression.GetValueAsync(cancellationToken);

    /// <summary>The parts of the connection string that those who reference the resource are told one by one.</summary>
    IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() => [];

    ValueTask<string?> IValueProvider.GetValueAsync(CancellationToken cancellationToken) => GetConnectionStringAsync(cancellationToken);

    ValueTask<string?> IValueProvider.GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken) => ConnectionStringExpression.GetValueAsync(context, cancellationToken);
}

/// <summary>A connection string that is made of other values.</summary>
/// <param name="name">The name.</param>
/// <param name="connectionStringExpression">What it is made of.</param>
public sealed class ConnectionStringResource(string name, ReferenceExpression connectionStringExpression) : Resource(name), IResourceWithConnectionString, IResourceWithWaitSupport, IResourceWithoutLifetime
{
    /// <inheritdoc/>
    public ReferenceExpression ConnectionStringExpression { get; } = connectionStringExpression ?? throw new ArgumentNullException(nameof(connectionStringExpression));
}

/// <summary>A connection string that is configured under <c>ConnectionStrings:name</c>.</summary>
internal sealed class ConnectionStringParameterResource(string name, Func<ParameterDefault?, string> callback, string? environmentVariableName) : ParameterResource(name, callback, secret: true), IResourceWithConnectionString
{
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{(ParameterResource)this}");

    public string? ConnectionStringEnvironmentVariable => environmentVariableName;

    IEnumerable<object> IValueWithReferences.References => [];

    // Both of its faces are the same value: that of the parameter.
    ValueTask<string?> IValueProvider.GetValueAsync(CancellationToken cancellationToken) => GetValueAsync(cancellationToken);

    ValueTask<string?> IValueProvider.GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken) => GetValueAsync(cancellationToken);
}

/// <summary>The use of a resource's connection string by another.</summary>
/// <param name="resource">The resource.</param>
/// <param name="optional">Whether the other can do without.</param>
public class ConnectionStringReference(IResourceWithConnectionString resource, bool optional) : IExpressionValue, IValueWithReferences
{
    /// <summary>The resource.</summary>
    public IResourceWithConnectionString Resource { get; } = resource ?? throw new ArgumentNullException(nameof(resource));

    /// <summary>Whether the other can do without: where there is none, the variable is left out.</summary>
    public bool Optional { get; } = optional;

    /// <summary>The name under which the other is told; null means that of the resource.</summary>
    public string? ConnectionName { get; set; }

    string IManifestExpressionProvider.ValueExpression => Resource.ValueExpression;

    IEnumerable<object> IValueWithReferences.References => [Resource];

    ValueTask<string?> IValueProvider.GetValueAsync(CancellationToken cancellationToken) => GetAsync(new ValueProviderContext(), cancellationToken);

    ValueTask<string?> IValueProvider.GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken) => GetAsync(context, cancellationToken);

    private async ValueTask<string?> GetAsync(ValueProviderContext context, CancellationToken cancellationToken)
    {
        string? value;
        try
        {
            value = await Resource.GetValueAsync(context, cancellationToken).ConfigureAwait(false);
        }
        catch (MissingParameterValueException) when (Optional)
        {
            return null;
        }

        return !string.IsNullOrEmpty(value) || Optional ? value : throw new DistributedApplicationException($"The connection string of '{Resource.Name}' has no value.");
    }
}

/// <summary>Adds a part to what <see cref="IResourceWithConnectionString.GetConnectionProperties"/> tells.</summary>
/// <param name="name">The part's name, for example <c>Host</c>.</param>
/// <param name="value">Its value.</param>
public sealed class ConnectionPropertyAnnotation(string name, ReferenceExpression value) : IResourceAnnotation
{
    /// <summary>The part's name.</summary>
    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));

    /// <summary>Its value.</summary>
    public ReferenceExpression Value { get; } = value ?? throw new ArgumentNullException(nameof(value));
}
