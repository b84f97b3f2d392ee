using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    /// <summary>Tells a resource where all endpoints of another are.</summary>
    /// <param name="builder">The resource that is told.</param>
    /// <param name="source">The other.</param>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithServiceDiscovery> source)
        where TDestination : IResourceWithEnvironment => builder.WithReference(source, source.Resource.Name);

    /// <summary>Tells a resource where all endpoints of another are, under a name of its own.</summary>
    /// <param name="builder">The resource that is told.</param>
    /// <param name="source">The other.</param>
    /// <param name="name">The name under which it is found.</param>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithServiceDiscovery> source, string name)
        where TDestination : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Refer(builder, source.Resource, name, () => source.Resource.GetEndpoints().Where(e => !e.ExcludeReferenceEndpoint));
    }

    /// <summary>Tells a resource where one endpoint of another is.</summary>
    /// <param name="builder">The resource that is told.</param>
    /// <param name="endpointReference">The endpoint.</param>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, EndpointReference endpointReference)
        where TDestination : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(endpointReference);
        return Refer(builder, endpointReference.Resource, endpointReference.Resource.Name, () => [endpointReference]);
    }

    /// <summary>Tells a resource where a service outside of the application is.</summary>
    /// <param name="builder">The resource that is told.</param>
    /// <param name="name">The name under which it is found.</param>
    /// <param name="uri">An absolute address without a path.</param>
    /// <exception cref="InvalidOperationException">The address is relative or has a path.</exception>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, string name, Uri uri)
        where TDestination : IResourceWithEnvironment
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(uri);
        if (!uri.IsAbsoluteUri) throw new InvalidOperationException($"The address '{uri}' of service '{name}' must be absolute.");
        if (uri.AbsolutePath != "/") throw new InvalidOperationException($"The address '{uri}' of service '{name}' must not have a path.");
        return builder.WithEnvironment($"services__{name}__default__0", uri.ToString());
    }

    /// <summary>Says what references put into the environment of a resource.</summary>
    /// <param name="builder">The resource that is told.</param>
    /// <param name="flags">What.</param>
    public static IResourceBuilder<TDestination> WithReferenceEnvironment<TDestination>(this IResourceBuilder<TDestination> builder, ReferenceEnvironmentInjectionFlags flags)
        where TDestination : IResourceWithEnvironment =>
        builder.WithAnnotation(new ReferenceEnvironmentInjectionAnnotation(flags), ResourceAnnotationMutationBehavior.Replace);

    /// <summary>Shows a resource under another.</summary>
    public static IResourceBuilder<T> WithParentRelationship<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> parent)
        where T : IResource => builder.WithParentRelationship(parent.Resource);

    /// <summary>Shows a resource under another.</summary>
    public static IResourceBuilder<T> WithParentRelationship<T>(this IResourceBuilder<T> builder, IResource parent)
        where T : IResource => builder.WithRelationship(parent, KnownRelationshipTypes.Parent);

    /// <summary>Shows another resource under this one.</summary>
    public static IResourceBuilder<T> WithChildRelationship<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> child)
        where T : IResource => builder.WithChildRelationship(child.Resource);

    /// <summary>Shows another resource under this one.</summary>
    public static IResourceBuilder<T> WithChildRelationship<T>(this IResourceBuilder<T> builder, IResource child)
        where T : IResource
    {
        ArgumentNullException.ThrowIfNull(child);
        child.Annotations.Add(new ResourceRelationshipAnnotation(builder.Resource, KnownRelationshipTypes.Parent));
        return builder;
    }

    /// <summary>Shows that a resource uses another.</summary>
    public static IResourceBuilder<T> WithReferenceRelationship<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> resourceBuilder)
        where T : IResource => builder.WithReferenceRelationship(resourceBuilder.Resource);

    /// <summary>Shows that a resource uses another.</summary>
    public static IResourceBuilder<T> WithReferenceRelationship<T>(this IResourceBuilder<T> builder, IResource resource)
        where T : IResource => builder.WithRelationship(resource, KnownRelationshipTypes.Reference);

    /// <summary>Ties a resource to another.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="resourceBuilder">The other.</param>
    /// <param name="type">How, in a word.</param>
    public static IResourceBuilder<T> WithRelationship<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> resourceBuilder, string type)
        where T : IResource => builder.WithRelationship(resourceBuilder.Resource, type);

    /// <summary>Ties a resource to another.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="resource">The other.</param>
    /// <param name="type">How, in a word.</param>
    public static IResourceBuilder<T> WithRelationship<T>(this IResourceBuilder<T> builder, IResource resource, string type)
        where T : IResource => builder.WithAnnotation(new ResourceRelationshipAnnotation(resource, type));

    private static IResourceBuilder<T> Refer<T>(IResourceBuilder<T> builder, IResource source, string name, Func<IEnumerable<EndpointReference>> endpoints)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.WithRelationship(source, KnownRelationshipTypes.Reference);
        return builder.WithEnvironment(context =>
        {
            var flags = context.Resource.TryGetLastAnnotation<ReferenceEnvironmentInjectionAnnotation>(out var chosen) ? chosen.Flags : ReferenceEnvironmentInjectionFlags.All;
            foreach (var endpoint in endpoints())
            {
                if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.ServiceDiscovery)) AddServiceDiscovery(context.EnvironmentVariables, name, endpoint);
                if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.Endpoints)) context.EnvironmentVariables[$"{EnvironmentVariableNames.Of(name)}_{EnvironmentVariableNames.Of(endpoint.EndpointName)}"] = endpoint;
            }
        });
    }

    private static void AddServiceDiscovery(Dictionary<string, object> environment, string name, EndpointReference endpoint)
    {
        var group = endpoint.IsHttpSchemeNamedEndpoint ? endpoint.Scheme : endpoint.EndpointName;
        for (var n = 0; ; n++)
        {
            var key = $"services__{name}__{group}__{n}";
            if (environment.TryAdd(key, endpoint)) return;

            // Referenced twice, once as a part of the whole resource: that is one address, not two.
            if (environment[key] is EndpointReference same && ReferenceEquals(same.EndpointAnnotation, endpoint.EndpointAnnotation)) return;
        }
    }
}

/// <summary>Names as variables have them.</summary>
internal static class EnvironmentVariableNames
{
    /// <summary>A name in capitals, with underscores for whatever a variable's name has no room for.</summary>
    public static string Of(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_'));
}
