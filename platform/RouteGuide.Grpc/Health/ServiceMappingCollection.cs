using System.Collections;
using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;

namespace Grpc.AspNetCore.HealthChecks;

/// <summary>The services that the health service knows, each once, in the order in which they were added.</summary>
public sealed class ServiceMappingCollection : ICollection<ServiceMapping>
{
    private readonly ByName _mappings = new();

    /// <summary>The number of services.</summary>
    public int Count => _mappings.Count;

    bool ICollection<ServiceMapping>.IsReadOnly => false;

    /// <summary>Says which health checks decide about a service, instead of what was said before.</summary>
    /// <param name="name">The service's full name; empty for the server as a whole.</param>
    /// <param name="predicate">Whether a health check decides about it.</param>
    public void Map(string name, Func<HealthCheckMapContext, bool> predicate)
    {
        var mapping = new ServiceMapping(name, predicate);
        _mappings.Remove(name);
        _mappings.Add(mapping);
    }

    /// <summary>Adds a service.</summary>
    /// <param name="service">The service.</param>
    /// <exception cref="ArgumentException">There is one of that name.</exception>
    public void Add(ServiceMapping service)
    {
        ArgumentNullException.ThrowIfNull(service);
        _mappings.Add(service);
    }

    /// <summary>Removes a service, if it is there.</summary>
    /// <param name="name">The service's full name.</param>
    public void Remove(string name) => _mappings.Remove(name);

    /// <summary>Removes all services, also the one without a name that is there from the start.</summary>
    public void Clear() => _mappings.Clear();

    /// <summary>Walks the services.</summary>
    public IEnumerator<ServiceMapping> GetEnumerator() => _mappings.GetEnumerator();

    bool ICollection<ServiceMapping>.Contains(ServiceMapping item) => _mappings.Contains(item);

    void ICollection<ServiceMapping>.CopyTo(ServiceMapping[] array, int arrayIndex) => _mappings.CopyTo(array, arrayIndex);

    bool ICollection<ServiceMapping>.Remove(ServiceMapping item) => ((ICollection<ServiceMapping>)_mappings).Remove(item);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal bool TryGet(string name, [MaybeNullWhen(false)] out ServiceMapping mapping) => _mappings.TryGetValue(name, out mapping);

    private sealed class ByName() : KeyedCollection<string, ServiceMapping>(StringComparer.Ordinal)
    {
        protected override string GetKeyForItem(ServiceMapping item) => item.Name;
    }
}
