using System.Diagnostics;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A container. This app host has no engine to run it with: it can be described, and fails to start with a line that says so.</summary>
/// <param name="name">The name.</param>
/// <param name="entrypoint">What runs in it instead of the image's own program.</param>
[DebuggerDisplay("{Name}: {Image}")]
public class ContainerResource(string name, string? entrypoint = null)
    : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport, IComputeResource
{
    /// <summary>What runs in it instead of the image's own program.</summary>
    public string? Entrypoint { get; set; } = entrypoint;

    internal string Image => Annotations.OfType<ContainerImageAnnotation>().LastOrDefault() is not { } image ? "no image"
        : $"{(image.Registry is null ? "" : image.Registry + "/")}{image.Image}{(image.SHA256 is not null ? "@sha256:" + image.SHA256 : image.Tag is null ? "" : ":" + image.Tag)}";
}

/// <summary>The image of a container.</summary>
public sealed class ContainerImageAnnotation : IResourceAnnotation
{
    /// <summary>Where the image is kept; null means the engine's own default.</summary>
    public string? Registry { get; set; }

    /// <summary>The image's name.</summary>
    public required string Image { get; set; }

    /// <summary>The image's tag.</summary>
    public string? Tag { get; set; }

    /// <summary>The image's digest, in hexadecimal; goes before the tag.</summary>
    public string? SHA256 { get; set; }
}

/// <summary>How long a container lives.</summary>
public enum ContainerLifetime
{
    /// <summary>As long as the application.</summary>
    Session,

    /// <summary>Until somebody removes it.</summary>
    Persistent,
}

/// <summary>Says how long a container lives.</summary>
[DebuggerDisplay("{Lifetime}")]
public sealed class ContainerLifetimeAnnotation : IResourceAnnotation
{
    /// <summary>How long.</summary>
    public required ContainerLifetime Lifetime { get; set; }
}
