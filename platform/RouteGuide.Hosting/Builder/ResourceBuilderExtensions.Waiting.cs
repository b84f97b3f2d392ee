using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    /// <summary>Starts a resource only when all instances of another run, are healthy and ready.</summary>
    /// <param name="builder">The resource that waits.</param>
    /// <param name="dependency">The other.</param>
    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport => Wait(builder, dependency, WaitType.WaitUntilHealthy);

    /// <summary>Starts a resource only when all instances of another run, are healthy and ready.</summary>
    /// <param name="builder">The resource that waits.</param>
    /// <param name="dependency">The other.</param>
    /// <param name="waitBehavior">What happens when the other fails.</param>
    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency, WaitBehavior waitBehavior)
        where T : IResourceWithWaitSupport => Wait(builder, dependency, WaitType.WaitUntilHealthy, waitBehavior);

    /// <summary>Starts a resource only when all instances of another run.</summary>
    /// <param name="builder">The resource that waits.</param>
    /// <param name="dependency">The other.</param>
    public static IResourceBuilder<T> WaitForStart<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport => Wait(builder, dependency, WaitType.WaitUntilStarted);

    /// <summary>Starts a resource only when all instances of another run.</summary>
    /// <param name="builder">The resource that waits.</param>
    /// <param name="dependency">The other.</param>
    /// <param name="waitBehavior">What happens when the other fails.</param>
    public static IResourceBuilder<T> WaitForStart<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency, WaitBehavior waitBehavior)
        where T : IResourceWithWaitSupport => Wait(builder, dependency, WaitType.WaitUntilStarted, waitBehavior);

    /// <summary>Starts a resource only when another has ended; the resource does not start at all if it ended otherwise than with the exit code.</summary>
    /// <param name="builder">The resource that waits.</param>
    /// <param name="dependency">The other.</param>
    /// <param name="exitCode">The exit code that counts as success.</param>
    public static IResourceBuilder<T> WaitForCompletion<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency, int exitCode = 0)
        where T : IResourceWithWaitSupport => Wait(builder, dependency, WaitType.WaitForCompletion, exitCode: exitCode);

    /// <summary>Starts a resource only when it is told to.</summary>
    public static IResourceBuilder<T> WithExplicitStart<T>(this IResourceBuilder<T> builder)
        where T : IResource => builder.WithAnnotation(new ExplicitStartupAnnotation(), ResourceAnnotationMutationBehavior.Replace);

    /// <summary>Lets a registered health check tell about a resource.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="key">The name under which the check is registered with the services.</param>
    /// <exception cref="DistributedApplicationException">The resource has that check.</exception>
    public static IResourceBuilder<T> WithHealthCheck<T>(this IResourceBuilder<T> builder, string key)
        where T : IResource
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        RefuseTwin(builder.Resource, key);
        return builder.WithAnnotation(new HealthCheckAnnotation(key));
    }

    /// <summary>Calls a replica healthy when a path of its own answers with a status code.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="path">The path; null means <c>/</c>.</param>
    /// <param name="statusCode">The status code; null means 200.</param>
    /// <param name="endpointName">The endpoint; null means the one named https, else http.</param>
    /// <exception cref="DistributedApplicationException">The resource has that check.</exception>
    public static IResourceBuilder<T> WithHttpHealthCheck<T>(this IResourceBuilder<T> builder, string? path = null, int? statusCode = null, string? endpointName = null)
        where T : IResourceWithEndpoints => AddHttpHealthCheck(builder, () => Probed(builder, endpointName), endpointName ?? "http", path, statusCode);

    /// <summary>Calls a replica healthy when its own gRPC health service (<c>grpc.health.v1</c>) says that it serves.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="service">The service that is asked for; null means the process as a whole.</param>
    /// <param name="endpointName">The endpoint; null means the one named https, else http.</param>
    /// <exception cref="DistributedApplicationException">The resource has that check.</exception>
    public static IResourceBuilder<T> WithGrpcHealthCheck<T>(this IResourceBuilder<T> builder, string? service = null, string? endpointName = null)
        where T : IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(builder);
        var key = $"{builder.Resource.Name}_{endpointName ?? "http"}_grpc_{(string.IsNullOrEmpty(service) ? "" : service + "_")}check";
        RefuseTwin(builder.Resource, key);
        return builder.WithAnnotation<HealthCheckAnnotation>(new GrpcHealthCheckAnnotation(key, () => Probed(builder, endpointName), service ?? ""));
    }

    /// <summary>Calls a replica healthy when a path of its own answers with a status code.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="endpointSelector">Names the endpoint; null means the one named https, else http.</param>
    /// <param name="path">The path; null means <c>/</c>.</param>
    /// <param name="statusCode">The status code; null means 200.</param>
    /// <exception cref="DistributedApplicationException">The resource has that check.</exception>
    public static IResourceBuilder<T> WithHttpHealthCheck<T>(this IResourceBuilder<T> builder, Func<EndpointReference>? endpointSelector, string? path = null, int? statusCode = null)
        where T : IResourceWithEndpoints =>
        endpointSelector is null ? builder.WithHttpHealthCheck(path, statusCode, endpointName: null) : AddHttpHealthCheck(builder, endpointSelector, "selected", path, statusCode);

    private static IResourceBuilder<T> AddHttpHealthCheck<T>(IResourceBuilder<T> builder, Func<EndpointReference> endpoint, string endpointLabel, string? path, int? statusCode)
        where T : IResourceWithEndpoints
    {
        path ??= "/";
        if (!path.StartsWith('/')) throw new ArgumentException($"The path '{path}' of a health check must begin with a slash.", nameof(path));
        var status = statusCode ?? 200;
        var key = $"{builder.Resource.Name}_{endpointLabel}_{path}_{status}_check";
        RefuseTwin(builder.Resource, key);
        return builder.WithAnnotation(new HttpHealthCheckAnnotation(key, endpoint, path, status));
    }

    private static EndpointReference Probed<T>(IResourceBuilder<T> builder, string? endpointName)
        where T : IResourceWithEndpoints => endpointName is not null
        ? builder.GetEndpoint(endpointName)
        : builder.Resource.GetEndpoints().OrderByDescending(e => e.EndpointName == "https").ThenByDescending(e => e.EndpointName == "http").FirstOrDefault(e => e.IsHttp || e.IsHttps)
            ?? throw new DistributedApplicationException($"The health check of '{builder.Resource.Name}' needs an http or https endpoint, and there is none.");

    private static void RefuseTwin(IResource resource, string key)
    {
        if (resource.Annotations.OfType<HealthCheckAnnotation>().Any(c => c.Key == key)) throw new DistributedApplicationException($"Resource '{resource.Name}' has the health check '{key}' already.");
    }

    private static IResourceBuilder<T> Wait<T>(IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency, WaitType type, WaitBehavior? behavior = null, int exitCode = 0)
        where T : IResourceWithWaitSupport
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(dependency);
        if (ReferenceEquals(builder.Resource, dependency.Resource)) throw new DistributedApplicationException($"Resource '{builder.Resource.Name}' cannot wait for itself.");
        return builder
            .WithRelationship(dependency.Resource, KnownRelationshipTypes.WaitFor)
            .WithAnnotation(new WaitAnnotation(dependency.Resource, type, exitCode) { WaitBehavior = behavior });
    }
}
