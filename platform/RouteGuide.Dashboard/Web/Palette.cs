using System.Collections.Concurrent;

namespace RouteGuide.Dashboard.Web;

/// <summary>Gives each resource one of the colours that the pages have, the same wherever it is shown.</summary>
internal sealed class Palette
{
    public const int Colors = 20;
    private const int MaxNames = 10_000;

    private readonly ConcurrentDictionary<string, int> _given = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _lock = new();

    /// <summary>The index of a resource's colour, in the order in which resources are first seen.</summary>
    /// <param name="name">The instance, or what is known of it.</param>
    public int Of(string name)
    {
        if (_given.TryGetValue(name, out var color)) return color;
        lock (_lock)
        {
            if (_given.Count >= MaxNames) return (int)((uint)StringComparer.OrdinalIgnoreCase.GetHashCode(name) % Colors);
            return _given.GetOrAdd(name, _given.Count % Colors);
        }
    }
}
