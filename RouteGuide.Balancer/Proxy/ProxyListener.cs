using System.Net;
using RouteGuide.Balancer.Routing.Sources;

namespace RouteGuide.Balancer.Proxy;

/// <summary>A listener at work: what its connections have in common. Routes and sources may be exchanged at any time; connections stay as they are.</summary>
/// <param name="name">As in the settings.</param>
/// <param name="routes">Where its calls go.</param>
internal sealed class ProxyListener(string name, ProxyRoutes routes)
{
    private ProxyRoutes _routes = routes;
    private SourceList _sources = SourceList.Everybody;
    private long _denied;
    private bool _namesTargets;

    public string Name { get; } = name;

    /// <summary>Of the next call; those that run keep the target that they have.</summary>
    public ProxyRoutes Routes
    {
        get => Volatile.Read(ref _routes);
        set => Volatile.Write(ref _routes, value);
    }

    /// <summary>Of the next connection.</summary>
    public SourceList Sources
    {
        get => Volatile.Read(ref _sources);
        set => Volatile.Write(ref _sources, value);
    }

    /// <summary>Responses say which target they are from, and after how many attempts. May be changed at any time.</summary>
    public bool NamesTargets
    {
        get => Volatile.Read(ref _namesTargets);
        set => Volatile.Write(ref _namesTargets, value);
    }

    /// <summary>Connections that were not taken because of where they came from.</summary>
    public long Denied => Interlocked.Read(ref _denied);

    /// <summary>Whether a connection is taken from an address; those that are not are counted. Any thread.</summary>
    public bool Admits(IPAddress from)
    {
        if (Sources.Admits(from)) return true;
        Interlocked.Increment(ref _denied);
        return false;
    }
}
