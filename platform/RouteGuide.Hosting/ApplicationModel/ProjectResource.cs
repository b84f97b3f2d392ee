using System.Diagnostics;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A .NET project that the app host starts.</summary>
/// <param name="name">The name.</param>
[DebuggerDisplay("{Name}")]
public class ProjectResource(string name)
    : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithServiceDiscovery, IResourceWithWaitSupport, IComputeResource
{
    /// <summary>Which endpoints appear in <c>ASPNETCORE_URLS</c>; all must agree.</summary>
    internal List<Func<EndpointAnnotation, bool>> EndpointsInEnvironment { get; } = [];
}

/// <summary>Looks at the projects of a model.</summary>
public static class ProjectResourceExtensions
{
    /// <summary>The projects.</summary>
    public static IEnumerable<ProjectResource> GetProjectResources(this DistributedApplicationModel model) => model.Resources.OfType<ProjectResource>();

    /// <summary>Where a project lies.</summary>
    /// <exception cref="InvalidOperationException">The resource was not added by <c>AddProject</c>.</exception>
    public static IProjectMetadata GetProjectMetadata(this ProjectResource projectResource) =>
        projectResource.Annotations.OfType<IProjectMetadata>().LastOrDefault()
        ?? throw new InvalidOperationException($"Project '{projectResource.Name}' does not say where it lies: add it with AddProject.");
}

/// <summary>How many processes of a resource run.</summary>
/// <param name="replicas">The number.</param>
[DebuggerDisplay("{Replicas}")]
public sealed class ReplicaAnnotation(int replicas = 1) : IResourceAnnotation
{
    /// <summary>The number.</summary>
    public int Replicas { get; } = replicas;
}

/// <summary>Which launch profile a project uses.</summary>
/// <param name="launchProfileName">The profile's name.</param>
public sealed class LaunchProfileAnnotation(string launchProfileName) : IResourceAnnotation
{
    /// <summary>The profile's name.</summary>
    public string LaunchProfileName { get; } = launchProfileName ?? throw new ArgumentNullException(nameof(launchProfileName));
}

/// <summary>Says that a project's launch profiles are not used.</summary>
public sealed class ExcludeLaunchProfileAnnotation : IResourceAnnotation;
