using System.Diagnostics;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>What all resources have: a name and annotations.</summary>
[DebuggerDisplay("{GetType().Name,nq} {Name}")]
public abstract class Resource : IResource
{
    /// <param name="name">At most 64 ASCII letters, digits and hyphens; begins with a letter, no two hyphens in a row, none at the end.</param>
    /// <exception cref="ArgumentException">The name breaks that rule.</exception>
    protected Resource(string name)
    {
        ResourceName.Validate(name);
        Name = name;
    }

    /// <inheritdoc/>
    public virtual string Name { get; }

    /// <inheritdoc/>
    public virtual ResourceAnnotationCollection Annotations { get; } = [];
}
