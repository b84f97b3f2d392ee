using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Adds connection strings to what is outside of the application.</summary>
public static class ConnectionStringBuilderExtensions
{
    /// <summary>Adds a connection string that is configured under <c>ConnectionStrings:name</c>.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="environmentVariableName">The variable in which those who reference it are told; null means <c>ConnectionStrings__name</c>.</param>
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(this IDistributedApplicationBuilder builder, string name, string? environmentVariableName = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddResource(new ConnectionStringParameterResource(
            name,
            _ => builder.Configuration[$"ConnectionStrings:{name}"] is { Length: > 0 } configured
                ? configured
                : throw new MissingParameterValueException($"Connection string '{name}' has no value: set the configuration key 'ConnectionStrings:{name}', for example by the environment variable 'ConnectionStrings__{name}'."),
            environmentVariableName));
    }

    /// <summary>Adds a connection string that is made of other values.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="connectionStringExpression">What it is made of.</param>
    public static IResourceBuilder<ConnectionStringResource> AddConnectionString(this IDistributedApplicationBuilder builder, string name, ReferenceExpression connectionStringExpression)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var made = builder.AddResource(new ConnectionStringResource(name, connectionStringExpression));

        // What it is made of are its references, too: the graph shows them, and it is there only once they run.
        foreach (var source in connectionStringExpression.ValueProviders.Select(SourceOf).OfType<IResource>().Distinct())
        {
            made.WithRelationship(source, KnownRelationshipTypes.Reference);
            if (source is not ParameterResource) made.WithAnnotation(new WaitAnnotation(source, WaitType.WaitUntilStarted));
        }

        return made;
    }

    /// <summary>Adds a connection string that is put together piece by piece.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="connectionStringBuilder">Adds the pieces.</param>
    public static IResourceBuilder<ConnectionStringResource> AddConnectionString(this IDistributedApplicationBuilder builder, string name, Action<ReferenceExpressionBuilder> connectionStringBuilder)
    {
        ArgumentNullException.ThrowIfNull(connectionStringBuilder);
        var pieces = new ReferenceExpressionBuilder();
        connectionStringBuilder(pieces);
        return builder.AddConnectionString(name, pieces.Build());
    }

    /// <summary>Tells a resource the connection string of another, in <c>ConnectionStrings__name</c>.</summary>
    /// <param name="builder">The resource that is told.</param>
    /// <param name="source">The other.</param>
    /// <param name="connectionName">The name under which it is told; null means that of the other.</param>
    /// <param name="optional">Whether it can do without: where there is none, it is not told.</param>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithConnectionString> source, string? connectionName = null, bool optional = false)
        where TDestination : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(source);
        var resource = source.Resource;
        var name = connectionName ?? resource.Name;
        builder.WithRelationship(resource, KnownRelationshipTypes.Reference);
        return builder.WithEnvironment(context =>
        {
            var flags = context.Resource.TryGetLastAnnotation<ReferenceEnvironmentInjectionAnnotation>(out var chosen) ? chosen.Flags : ReferenceEnvironmentInjectionFlags.All;
            if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.ConnectionString))
            {
                context.EnvironmentVariables[resource.ConnectionStringEnvironmentVariable ?? $"ConnectionStrings__{name}"] = new ConnectionStringReference(resource, optional) { ConnectionName = name };
            }

            if (!flags.HasFlag(ReferenceEnvironmentInjectionFlags.ConnectionProperties)) return;
            foreach (var (part, value) in Properties(resource)) context.EnvironmentVariables[$"{EnvironmentVariableNames.Of(name)}_{EnvironmentVariableNames.Of(part)}"] = value;
        });
    }

    /// <summary>Sets a variable to the connection string of a resource.</summary>
    /// <param name="builder">The resource that is told.</param>
    /// <param name="envVarName">The variable.</param>
    /// <param name="resource">The other.</param>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string envVarName, IResourceBuilder<IResourceWithConnectionString> resource)
        where T : IResourceWithEnvironment
    {
        ArgumentException.ThrowIfNullOrEmpty(envVarName);
        ArgumentNullException.ThrowIfNull(resource);
        return builder.WithEnvironment(context => context.EnvironmentVariables[envVarName] = new ConnectionStringReference(resource.Resource, optional: false));
    }

    /// <summary>Adds a part that those who reference the resource are told beside the connection string, in <c>NAME_PART</c>.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="name">The part's name, for example <c>Host</c>.</param>
    /// <param name="value">Its value.</param>
    public static IResourceBuilder<T> WithConnectionProperty<T>(this IResourceBuilder<T> builder, string name, ReferenceExpression value)
        where T : IResourceWithConnectionString => builder.WithAnnotation(new ConnectionPropertyAnnotation(name, value));

    /// <summary>Adds a part that those who reference the resource are told beside the connection string, in <c>NAME_PART</c>.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="name">The part's name, for example <c>Host</c>.</param>
    /// <param name="value">Its value.</param>
    public static IResourceBuilder<T> WithConnectionProperty<T>(this IResourceBuilder<T> builder, string name, string value)
        where T : IResourceWithConnectionString => builder.WithConnectionProperty(name, ReferenceExpression.Create($"{value}"));

    /// <summary>When the resource's connection string is known.</summary>
    public static IResourceBuilder<T> OnConnectionStringAvailable<T>(this IResourceBuilder<T> builder, Func<T, ConnectionStringAvailableEvent, CancellationToken, Task> callback)
        where T : IResourceWithConnectionString
    {
        builder.ApplicationBuilder.Eventing.Subscribe<ConnectionStringAvailableEvent>(builder.Resource, (@event, cancel) => callback(builder.Resource, @event, cancel));
        return builder;
    }

    // What was added by the app host's author comes last and wins.
    private static IEnumerable<KeyValuePair<string, ReferenceExpression>> Properties(IResourceWithConnectionString resource) =>
        resource.GetConnectionProperties().Concat(resource.Annotations.OfType<ConnectionPropertyAnnotation>().Select(p => KeyValuePair.Create(p.Name, p.Value)));

    private static object? SourceOf(IValueProvider value) => value switch
    {
        EndpointReference endpoint => endpoint.Resource,
        EndpointReferenceExpression expression => expression.Endpoint.Resource,
        _ => value,
    };
}
