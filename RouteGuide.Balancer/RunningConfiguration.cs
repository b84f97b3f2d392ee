using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Control;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Proxy.Tcp;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Balancer.Routing.Sources;

namespace RouteGuide.Balancer;

/// <summary>
/// The groups, rules and listeners' behaviour of the configuration, at work. A new configuration is laid over the one that runs: what has
/// not changed stays the object that it is, with its connections and counters, and calls that run keep what they began with.
/// </summary>
internal sealed class RunningConfiguration : IAlgorithmChoice, IDisposable
{
    private readonly TargetKeepers _keepers;
    private readonly RunningShared _shared;
    private readonly Dictionary<string, RunningGroup> _groups = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<TargetGroup, RunningGroup> _byGroup = [];
    private readonly Dictionary<string, RunningListener> _listeners = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _changing = new();
    private ProxyGroup[] _all = [];
    private int _made;

    /// <param name="settings">To begin with.</param>
    /// <param name="keepers">Gets the keepers of the groups.</param>
    /// <param name="shared">What the groups have in common.</param>
    public RunningConfiguration(BalancerSettings settings, TargetKeepers keepers, RunningShared shared)
    {
        _keepers = keepers;
        _shared = shared;
        Groups = new ProxyGroups(group => _byGroup[group].Proxy) { Seal = shared.Seal };
        Apply(settings);
    }

    /// <summary>The target groups that calls come to.</summary>
    public ProxyGroups Groups { get; }

    /// <summary>All target groups in the order of the settings, those that no rule leads to included. Any thread.</summary>
    public IReadOnlyList<ProxyGroup> All => Volatile.Read(ref _all);

    /// <summary>The group that replicas register in.</summary>
    public TargetGroup Default => _groups[RouteTable.DefaultGroup].Group;

    /// <summary>Who keeps a group's targets; null if it is no more. Any thread.</summary>
    public TargetKeeper? KeeperOf(TargetGroup group) => _keepers.Find(group.Name) is { } keeper && keeper.Group == group ? keeper : null;

    /// <summary>The listeners by their names, each with what its connections have in common.</summary>
    public RunningListener ListenerOf(ListenerSettings settings) => _listeners[settings.Name];

    /// <summary>Puts a configuration in the place of the one that runs.</summary>
    /// <param name="settings">Checked whole.</param>
    public void Apply(BalancerSettings settings)
    {
        lock (_changing) Lay(settings);
    }

    public AlgorithmType? Choose(string group, AlgorithmType type)
    {
        lock (_changing) return _groups.TryGetValue(group, out var running) ? running.Choose(type) : null;
    }

    public void Dispose()
    {
        foreach (var group in _groups.Values) group.Dispose();
    }

    private void Lay(BalancerSettings settings)
    {
        var routes = settings.Routes;
        var before = _groups.Values.ToHashSet();
        foreach (var group in routes.Groups) Make(group);

        var fronts = settings.Listeners.Where(l => l.Kind == ListenerKind.Front).ToList();
        var tables = fronts.ToDictionary(l => l.Name, l => routes.Build(l, name => _groups[name].Group), StringComparer.OrdinalIgnoreCase);
        // Before calls come to a group, it is as it should be.
        foreach (var group in routes.Groups) _groups[group.Name].Apply(group.Settings, tables.Values.Any(t => t.IsUsed(_groups[group.Name].Group)));
        foreach (var front in fronts)
        {
            if (!_listeners.TryGetValue(front.Name, out var listener)) _listeners.Add(front.Name, listener = new RunningListener(front.Name));
            listener.Apply(front, tables[front.Name], Groups, TcpOf, _shared.Time);
        }

        foreach (var name in _listeners.Keys.Except(tables.Keys, StringComparer.OrdinalIgnoreCase).ToList()) _listeners.Remove(name);
        // Now no rule leads to those that are gone.
        foreach (var group in before.Except(_groups.Values)) End(group);
        foreach (var name in _groups.Keys.Except(routes.Groups.Select(g => g.Name), StringComparer.OrdinalIgnoreCase).ToList())
        {
            End(_groups[name]);
            _groups.Remove(name);
        }

        Volatile.Write(ref _all, [.. routes.Groups.Select(g => _groups[g.Name].Proxy)]);
    }

    private void Make(GroupSettings settings)
    {
        if (_groups.TryGetValue(settings.Name, out var known) && known.Group.Version == settings.Version) return;
        var group = new RunningGroup(settings.Name, settings.Version, _made++, _shared);
        _groups[settings.Name] = group;
        _byGroup.Add(group.Group, group);
        _keepers.Add(group.Keeper);
    }

    private void End(RunningGroup group)
    {
        group.End();
        Groups.Remove(group.Group);
        _keepers.Remove(group.Keeper);
        _byGroup.Remove(group.Group);
    }

    private TcpGroup TcpOf(TargetGroup group) => _byGroup[group].Tcp;
}

/// <summary>A listener's part of the configuration, at work.</summary>
internal sealed class RunningListener(string name)
{
    private Dictionary<int, CallPolicy?> _policies = [];
    private ProxyListener? _proxy;
    private TcpFront? _tcp;

    /// <summary>What its connections have in common.</summary>
    public ProxyListener Proxy => _proxy!;

    /// <summary>Where its connections go, whole; null if they carry HTTP.</summary>
    public TcpFront? Tcp => _tcp;

    /// <summary>From the next call on, and for what is about connections from the next connection on.</summary>
    /// <param name="settings">Checked.</param>
    /// <param name="table">Its rules.</param>
    /// <param name="groups">All groups at work.</param>
    /// <param name="tcpOf">A group for TCP mode.</param>
    /// <param name="time">For rates.</param>
    public void Apply(ListenerSettings settings, RouteTable table, ProxyGroups groups, Func<TargetGroup, TcpGroup> tcpOf, TimeProvider time)
    {
        // What has been counted for a rule counts on.
        var policies = table.Rules.DistinctBy(r => r.Priority).ToDictionary(r => r.Priority, r => CallPolicy.Of(settings.CallsOf(r.Priority), _policies.GetValueOrDefault(r.Priority), time));
        _policies = policies;
        var routes = new ProxyRoutes(table, groups, rule => policies[rule.Priority]);
        if (_proxy is null) _proxy = new ProxyListener(name, routes);
        else _proxy.Routes = routes;
        _proxy.NamesTargets = settings.Attributes.NamesTargets;
        _proxy.Sources = new SourceList(settings.Attributes.Source);
        if (!settings.IsTcp) return;
        var only = ((ForwardAction)table.Only!.Action).Groups[0].Group;
        var route = new TcpRoute(() => tcpOf(only), settings.Attributes.Tcp);
        if (_tcp is null) _tcp = new TcpFront(route);
        else _tcp.Route = route;
    }
}
