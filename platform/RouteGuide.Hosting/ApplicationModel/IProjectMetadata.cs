using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Where a project lies. The classes in the namespace <c>Projects</c>, made of the app host's project references, implement it.</summary>
public interface IProjectMetadata : IResourceAnnotation
{
    /// <summary>The project file, as a full path.</summary>
    string ProjectPath { get; }

    /// <summary>Launch settings to use instead of those beside the project; null means those.</summary>
    LaunchSettings? LaunchSettings => null;

    /// <summary>Whether the project was built together with the app host.</summary>
    bool SuppressBuild => false;

    /// <summary>Whether it is a single source file rather than a project.</summary>
    bool IsFileBasedApp => false;
}

/// <summary>What of a project's own settings the app host heeds.</summary>
public class ProjectResourceOptions
{
    /// <summary>The launch profile to use; null means the app host's own, else the first that runs the project.</summary>
    public string? LaunchProfileName { get; set; }

    /// <summary>Whether to use no launch profile at all.</summary>
    public bool ExcludeLaunchProfile { get; set; }
}
