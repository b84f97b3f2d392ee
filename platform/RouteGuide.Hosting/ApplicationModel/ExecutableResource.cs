using System.Diagnostics;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A program that the app host starts.</summary>
[DebuggerDisplay("{Name}: {Command}")]
public class ExecutableResource : Resource, IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport, IComputeResource
{
    /// <param name="name">The name.</param>
    /// <param name="command">A path, or a name that is looked for in PATH.</param>
    /// <param name="workingDirectory">Where it runs.</param>
    public ExecutableResource(string name, string command, string workingDirectory)
        : base(name)
    {
        ArgumentException.ThrowIfNullOrEmpty(command);
        ArgumentNullException.ThrowIfNull(workingDirectory);
        Annotations.Add(new ExecutableAnnotation { Command = command, WorkingDirectory = workingDirectory });
    }

    /// <summary>A path, or a name that is looked for in PATH.</summary>
    public string Command => Annotation.Command;

    /// <summary>Where it runs.</summary>
    public string WorkingDirectory => Annotation.WorkingDirectory;

    private ExecutableAnnotation Annotation => Annotations.OfType<ExecutableAnnotation>().Last();
}

/// <summary>What an executable resource runs, and where.</summary>
public sealed class ExecutableAnnotation : IResourceAnnotation
{
    /// <summary>A path, or a name that is looked for in PATH.</summary>
    public required string Command { get; set; }

    /// <summary>Where it runs.</summary>
    public required string WorkingDirectory { get; set; }
}
