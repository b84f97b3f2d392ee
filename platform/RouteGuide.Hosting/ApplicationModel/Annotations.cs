using System.Diagnostics;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Says that a resource starts only when it is told to.</summary>
public sealed class ExplicitStartupAnnotation : IResourceAnnotation;

/// <summary>Ties a resource to another, for people to see.</summary>
/// <param name="resource">The other.</param>
/// <param name="type">How: <c>Reference</c>, <c>Parent</c>, <c>WaitFor</c> or any other word.</param>
[DebuggerDisplay("{Type} {Resource.Name}")]
public sealed class ResourceRelationshipAnnotation(IResource resource, string type) : IResourceAnnotation
{
    /// <summary>The other.</summary>
    public IResource Resource { get; } = resource ?? throw new ArgumentNullException(nameof(resource));

    /// <summary>How.</summary>
    public string Type { get; } = type ?? throw new ArgumentNullException(nameof(type));
}

/// <summary>The words for <see cref="ResourceRelationshipAnnotation.Type"/> that the model itself uses.</summary>
internal static class KnownRelationshipTypes
{
    public const string Reference = "Reference";
    public const string Parent = "Parent";
    public const string WaitFor = "WaitFor";
}

/// <summary>What a wait is for.</summary>
public enum WaitType
{
    /// <summary>That every instance runs, is healthy and ready.</summary>
    WaitUntilHealthy,

    /// <summary>That every instance has ended with the exit code.</summary>
    WaitForCompletion,

    /// <summary>That every instance runs.</summary>
    WaitUntilStarted,
}

/// <summary>What a wait does when what it waits for has failed.</summary>
public enum WaitBehavior
{
    /// <summary>It goes on: someone may start the other again.</summary>
    WaitOnResourceUnavailable,

    /// <summary>It fails, and so does the one who waits.</summary>
    StopOnResourceUnavailable,
}

/// <summary>Makes a resource wait for another before it starts.</summary>
/// <param name="resource">The other.</param>
/// <param name="waitType">What for.</param>
/// <param name="exitCode">The exit code that counts as success, for <see cref="WaitType.WaitForCompletion"/>.</param>
[DebuggerDisplay("{WaitType} {Resource.Name}")]
public sealed class WaitAnnotation(IResource resource, WaitType waitType, int exitCode = 0) : IResourceAnnotation
{
    /// <summary>The other.</summary>
    public IResource Resource { get; } = resource ?? throw new ArgumentNullException(nameof(resource));

    /// <summary>What for.</summary>
    public WaitType WaitType { get; } = waitType;

    /// <summary>The exit code that counts as success.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>What happens when the other fails; null means the application's default.</summary>
    public WaitBehavior? WaitBehavior { get; init; }
}

/// <summary>Names a registered health check that tells about a resource.</summary>
/// <param name="key">The name under which the check is registered with the services.</param>
[DebuggerDisplay("{Key}")]
public class HealthCheckAnnotation(string key) : IResourceAnnotation
{
    /// <summary>The name under which the check is registered with the services.</summary>
    public string Key { get; } = key ?? throw new ArgumentNullException(nameof(key));
}

/// <summary>A health check that the app host itself makes at an endpoint, for each replica on its own.</summary>
internal abstract class EndpointHealthCheckAnnotation(string key, Func<EndpointReference> endpoint) : HealthCheckAnnotation(key)
{
    public Func<EndpointReference> Endpoint { get; } = endpoint;

    /// <summary>Where a replica is asked: at its own port, or where the endpoint is another resource's where everybody reaches that.</summary>
    public string Address(IResource resource, IReadOnlyDictionary<string, int> targetPorts)
    {
        var endpoint = Endpoint();
        return ReferenceEquals(endpoint.Resource, resource) && targetPorts.TryGetValue(endpoint.EndpointAnnotation.Name, out var own)
            ? $"{endpoint.Scheme}://{endpoint.EndpointAnnotation.TargetHost}:{own}"
            : endpoint.Url;
    }
}

/// <summary>A health check by HTTP.</summary>
internal sealed class HttpHealthCheckAnnotation(string key, Func<EndpointReference> endpoint, string path, int statusCode) : EndpointHealthCheckAnnotation(key, endpoint)
{
    public string Path { get; } = path;

    public int StatusCode { get; } = statusCode;
}

/// <summary>A health check by gRPC's own protocol for it, <c>grpc.health.v1</c>.</summary>
internal sealed class GrpcHealthCheckAnnotation(string key, Func<EndpointReference> endpoint, string service) : EndpointHealthCheckAnnotation(key, endpoint)
{
    /// <summary>The service that is asked for; empty for the process as a whole.</summary>
    public string Service { get; } = service;
}

/// <summary>The state in which a resource is shown before anything is known about it.</summary>
/// <param name="initialSnapshot">The state.</param>
public class ResourceSnapshotAnnotation(CustomResourceSnapshot initialSnapshot) : IResourceAnnotation
{
    /// <summary>The state.</summary>
    public CustomResourceSnapshot InitialSnapshot { get; } = initialSnapshot ?? throw new ArgumentNullException(nameof(initialSnapshot));
}

/// <summary>The protocol in which telemetry leaves a resource.</summary>
public class OtlpExporterAnnotation : IResourceAnnotation
{
    /// <summary>The protocol that the resource insists on; null takes what there is.</summary>
    public OtlpProtocol? RequiredProtocol { get; init; }
}

/// <summary>What a reference puts into the environment of the one who refers.</summary>
[Flags]
public enum ReferenceEnvironmentInjectionFlags
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Connection strings.</summary>
    ConnectionString = 1,

    /// <summary>The parts of connection strings.</summary>
    ConnectionProperties = 2,

    /// <summary><c>services__name__endpoint__0</c>.</summary>
    ServiceDiscovery = 4,

    /// <summary><c>NAME_ENDPOINT</c>.</summary>
    Endpoints = 8,

    /// <summary>All of these.</summary>
    All = ConnectionString | ConnectionProperties | ServiceDiscovery | Endpoints,
}

/// <summary>Says what references put into the environment of a resource.</summary>
/// <param name="flags">What.</param>
public sealed class ReferenceEnvironmentInjectionAnnotation(ReferenceEnvironmentInjectionFlags flags) : IResourceAnnotation
{
    /// <summary>What.</summary>
    public ReferenceEnvironmentInjectionFlags Flags { get; } = flags;
}

/// <summary>The names of a resource's instances; they are known before anything starts, so that others can wait for all of them.</summary>
internal sealed class ResourceInstancesAnnotation(IReadOnlyList<string> names) : IResourceAnnotation
{
    private volatile IReadOnlyList<string> _names = names;

    /// <summary>The names; replaced as a whole when replicas come or go.</summary>
    public IReadOnlyList<string> Names
    {
        get => _names;
        set => _names = value;
    }
}

/// <summary>The icon that a resource is shown with.</summary>
/// <param name="iconName">A name of the Fluent icons.</param>
/// <param name="iconVariant">Which of its two forms.</param>
public sealed class ResourceIconAnnotation(string iconName, IconVariant iconVariant = IconVariant.Filled) : IResourceAnnotation
{
    /// <summary>A name of the Fluent icons.</summary>
    public string IconName { get; } = iconName ?? throw new ArgumentNullException(nameof(iconName));

    /// <summary>Which of its two forms.</summary>
    public IconVariant IconVariant { get; } = iconVariant;
}

/// <summary>The resource is not published.</summary>
internal sealed class ManifestExclusionAnnotation : IResourceAnnotation;
