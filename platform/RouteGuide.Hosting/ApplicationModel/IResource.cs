namespace Aspire.Hosting.ApplicationModel;

/// <summary>One thing that the application is made of: a project, an executable, a parameter.</summary>
public interface IResource
{
    /// <summary>The name, unique within the application without regard to case.</summary>
    string Name { get; }

    /// <summary>What the model knows about the resource.</summary>
    ResourceAnnotationCollection Annotations { get; }
}

/// <summary>A fact about a resource.</summary>
public interface IResourceAnnotation;

/// <summary>A resource that is given environment variables.</summary>
public interface IResourceWithEnvironment : IResource;

/// <summary>A resource that is given command line arguments.</summary>
public interface IResourceWithArgs : IResource;

/// <summary>A resource that others reach over the network.</summary>
public interface IResourceWithEndpoints : IResource;

/// <summary>A resource that may wait for others before it starts.</summary>
public interface IResourceWithWaitSupport : IResource;

/// <summary>A resource that runs code and could be deployed to a compute environment.</summary>
public interface IComputeResource : IResource;

/// <summary>A resource that has no life of its own, for example a parameter: it neither starts nor stops.</summary>
public interface IResourceWithoutLifetime : IResource;

/// <summary>A resource that lives under another.</summary>
public interface IResourceWithParent : IResource
{
    /// <summary>The resource that this one lives under.</summary>
    IResource Parent { get; }
}

/// <summary>A resource that lives under a <typeparamref name="T"/>.</summary>
/// <typeparam name="T">The kind of the parent.</typeparam>
public interface IResourceWithParent<out T> : IResourceWithParent
    where T : IResource
{
    /// <summary>The resource that this one lives under.</summary>
    new T Parent { get; }

    IResource IResourceWithParent.Parent => Parent;
}
