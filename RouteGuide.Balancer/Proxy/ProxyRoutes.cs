using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;

namespace RouteGuide.Balancer.Proxy;

/// <summary>The routes of a listener, with the groups at work behind them. It never changes; the listener gets another one.</summary>
internal sealed class ProxyRoutes
{
    private readonly RouteTable _table;
    private readonly Dictionary<Rule, ProxyRule> _rules;

    /// <param name="table">The rules.</param>
    /// <param name="start">Puts a group to work.</param>
    public ProxyRoutes(RouteTable table, Func<TargetGroup, ProxyGroup> start)
        : this(table, new ProxyGroups(start))
    {
    }

    /// <param name="table">The rules.</param>
    /// <param name="groups">All groups at work; those that the rules name and that are new to it are started.</param>
    /// <param name="calls">How a rule's calls are treated; null if no rule says anything of it.</param>
    public ProxyRoutes(RouteTable table, ProxyGroups groups, Func<Rule, CallPolicy?>? calls = null)
    {
        _table = table;
        AllGroups = groups;
        foreach (var group in table.Groups) groups.Of(group);
        _rules = new Dictionary<Rule, ProxyRule>();
        // Those for the rest are not asked: nothing else was found.
        foreach (var rule in table.Rules) _rules.Add(rule, new ProxyRule(rule, groups, calls?.Invoke(rule)) { Position = rule.IsDefault ? table.Rules.Count(r => !r.IsDefault) : _rules.Count + 1 });
        Only = table.Only is { } only ? _rules[only] : null;
        Rules = [.. table.Rules.Select(r => _rules[r])];
    }

    /// <summary>Those of all listeners.</summary>
    public ProxyGroups AllGroups { get; }

    /// <summary>In the order in which they are asked, those for the rest last.</summary>
    public IReadOnlyList<ProxyRule> Rules { get; }

    /// <summary>What every request goes by; null if it depends on the request.</summary>
    public ProxyRule? Only { get; }

    /// <inheritdoc cref="RouteTable.Choose"/>
    public ProxyRule Choose(in RequestView request) => Only ?? _rules[_table.Choose(in request)];
}
