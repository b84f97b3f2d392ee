namespace Aspire.Hosting.ApplicationModel;

/// <summary>Something that has a value when the application runs.</summary>
public interface IValueProvider
{
    /// <summary>The value; waits until there is one.</summary>
    ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default);

    /// <summary>The value as <paramref name="context"/> sees it; waits until there is one.</summary>
    ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) =>
        GetValueAsync(cancellationToken);
}

/// <summary>Something that a manifest refers to by an expression.</summary>
public interface IManifestExpressionProvider
{
    /// <summary>The expression, for example <c>{server.bindings.http.url}</c>.</summary>
    string ValueExpression { get; }
}

/// <summary>Something that has a value at run time and an expression in a manifest.</summary>
public interface IExpressionValue : IValueProvider, IManifestExpressionProvider;

/// <summary>Something that refers to resources or to other values.</summary>
public interface IValueWithReferences
{
    /// <summary>What it refers to.</summary>
    IEnumerable<object> References { get; }
}

/// <summary>Who asks for a value.</summary>
public class ValueProviderContext
{
    /// <summary>What the app host was started for.</summary>
    public DistributedApplicationExecutionContext? ExecutionContext { get; init; }

    /// <summary>The resource that the value is for.</summary>
    public IResource? Caller { get; init; }
}

/// <summary>The context of one instance of a resource: some values, above all its own target ports, differ from replica to replica.</summary>
internal sealed class InstanceValueContext : ValueProviderContext
{
    /// <summary>The eight letters that tell this instance from the others.</summary>
    public required string InstanceSuffix { get; init; }

    /// <summary>Endpoint name to the port that this instance itself listens on.</summary>
    public required IReadOnlyDictionary<string, int> TargetPorts { get; init; }
}
