using RouteGuide.Balancer.Proxy.Stickiness;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy;

/// <summary>All target groups at work, whichever listeners send them calls. Readers see one moment of it.</summary>
/// <param name="start">Puts a group to work.</param>
internal sealed class ProxyGroups(Func<TargetGroup, ProxyGroup> start)
{
    private readonly Lock _writing = new();
    private ProxyGroup[] _current = [];

    /// <summary>Signs the cookies that keep clients with groups.</summary>
    public CookieSeal Seal { get; init; } = new(secret: null, TimeProvider.System);

    public ReadOnlySpan<ProxyGroup> Current => Volatile.Read(ref _current);

    /// <summary>A group has been put to work. On whatever thread did it.</summary>
    public event Action<ProxyGroup>? Added;

    /// <summary>A group gets no more calls.</summary>
    public event Action<ProxyGroup>? Removed;

    /// <summary>The group at work; it is started when it is asked for the first time.</summary>
    public ProxyGroup Of(TargetGroup group)
    {
        ProxyGroup started;
        lock (_writing)
        {
            foreach (var known in _current)
            {
                if (known.Group == group) return known;
            }

            started = start(group);
            Volatile.Write(ref _current, [.. _current, started]);
        }

        Added?.Invoke(started);
        return started;
    }

    /// <summary>Lets a group go that no route leads to any more; calls that run there go on.</summary>
    public void Remove(TargetGroup group)
    {
        ProxyGroup? gone;
        lock (_writing)
        {
            gone = Array.Find(_current, g => g.Group == group);
            Volatile.Write(ref _current, Array.FindAll(_current, g => g != gone));
        }

        if (gone is not null) Removed?.Invoke(gone);
    }
}
