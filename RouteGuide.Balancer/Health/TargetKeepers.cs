using System.Collections.Concurrent;

namespace RouteGuide.Balancer.Health;

/// <summary>The keepers of all groups by the groups' names, for those who come with a name. A reload adds and takes out.</summary>
internal sealed class TargetKeepers : IDisposable
{
    private readonly ConcurrentDictionary<string, TargetKeeper> _byName = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Sorted.</summary>
    public IEnumerable<string> Names => _byName.Keys.Order(StringComparer.OrdinalIgnoreCase);

    public TargetKeeper? Find(string group) => _byName.GetValueOrDefault(group);

    public void Add(TargetKeeper keeper) => _byName[keeper.Group.Name] = keeper;

    /// <summary>Ends the keeping of a group that is no more.</summary>
    public void Remove(TargetKeeper keeper)
    {
        _byName.TryRemove(KeyValuePair.Create(keeper.Group.Name, keeper));
        keeper.Dispose();
    }

    public void Dispose()
    {
        foreach (var keeper in _byName.Values) keeper.Dispose();
    }
}
