namespace Aspire.Hosting.ApplicationModel;

/// <summary>The application as it was described: its resources.</summary>
public class DistributedApplicationModel
{
    /// <param name="resources">The resources.</param>
    public DistributedApplicationModel(IResourceCollection resources) => Resources = resources;

    /// <param name="resources">The resources.</param>
    /// <exception cref="DistributedApplicationException">Two have the same name.</exception>
    public DistributedApplicationModel(IEnumerable<IResource> resources)
    {
        var collection = new ResourceCollection();
        foreach (var resource in resources) collection.Add(resource);
        Resources = collection;
    }

    /// <summary>The resources, in the order in which they were added.</summary>
    public IResourceCollection Resources { get; }
}
