using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The resources of an application, in the order in which they were added.</summary>
public interface IResourceCollection : IList<IResource>
{
    /// <summary>Finds a resource by name, without regard to case.</summary>
    bool TryGetByName(string name, [NotNullWhen(true)] out IResource? resource);
}

/// <summary>A list that refuses a second resource of the same name.</summary>
internal sealed class ResourceCollection : Collection<IResource>, IResourceCollection
{
    public bool TryGetByName(string name, [NotNullWhen(true)] out IResource? resource)
    {
        resource = this.FirstOrDefault(r => string.Equals(r.Name, name, StringComparison.OrdinalIgnoreCase));
        return resource is not null;
    }

    protected override void InsertItem(int index, IResource item)
    {
        RefuseTwin(item, except: null);
        base.InsertItem(index, item);
    }

    protected override void SetItem(int index, IResource item)
    {
        RefuseTwin(item, except: this[index]);
        base.SetItem(index, item);
    }

    private void RefuseTwin(IResource item, IResource? except)
    {
        if (TryGetByName(item.Name, out var twin) && !ReferenceEquals(twin, except))
        {
            throw new DistributedApplicationException(
                $"Cannot add resource '{item.Name}' of type '{item.GetType().Name}': a resource of type '{twin.GetType().Name}' has the name '{twin.Name}' already. Names are compared without regard to case.");
        }
    }
}
