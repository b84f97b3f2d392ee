using System.Collections.Immutable;
using RouteGuide.Balancer.Routing.Conditions;
using RouteGuide.Balancer.Routing.Rules;

namespace RouteGuide.Balancer.Routing;

/// <summary>Sends paths to a group: a rule in short.</summary>
/// <param name="Path">The condition.</param>
/// <param name="Group">Where to.</param>
internal sealed record ForwardRule(PathPattern Path, TargetGroup Group);

/// <summary>The rules of a listener: which one a request goes by. It never changes; a listener gets another one.</summary>
internal sealed class RouteTable
{
    /// <summary>The group of <c>Balancer:Targets</c> and of the registry's replicas.</summary>
    public const string DefaultGroup = "default";

    private readonly ImmutableArray<Rule> _rules;
    private readonly Rule _forGrpc;
    private readonly Rule _forOthers;

    /// <param name="rules">In the order in which they are asked.</param>
    /// <param name="byDefault">For requests that fit none.</param>
    /// <param name="forOthers">The same for those that are not gRPC, if it is another.</param>
    public RouteTable(ImmutableArray<Rule> rules, Rule byDefault, Rule? forOthers = null)
    {
        _rules = rules;
        _forGrpc = byDefault;
        _forOthers = forOthers ?? byDefault;
        if (rules.IsEmpty && _forOthers == _forGrpc) Only = _forGrpc;
        Rules = _forOthers == _forGrpc ? rules.Add(_forGrpc) : [.. rules, _forGrpc, _forOthers];
        Groups = [.. Rules.Select(r => r.Action).OfType<ForwardAction>().SelectMany(a => a.Groups).Select(g => g.Group).Distinct()];
    }

    /// <summary>Makes one of rules in short.</summary>
    /// <param name="groups">All of them, the default one first.</param>
    /// <param name="rules">In the order in which they are asked.</param>
    /// <param name="forOthers">Where requests go that are not gRPC and fit no rule.</param>
    public RouteTable(ImmutableArray<TargetGroup> groups, ImmutableArray<ForwardRule> rules, TargetGroup forOthers)
        : this(
            [.. rules.Select((r, i) => new Rule(i + 1, [new PathCondition([r.Path.ToString()])], ForwardAction.To(r.Group)) { Words = $"path-pattern {r.Path}" })],
            new Rule(0, [], ForwardAction.To(groups[0])) { Words = forOthers == groups[0] ? "anything" : "gRPC" },
            forOthers == groups[0] ? null : new Rule(0, [], ForwardAction.To(forOthers)))
    {
        Groups = groups;
    }

    /// <summary>The groups that requests may go to; of a table in short all that there are, the default one first.</summary>
    public ImmutableArray<TargetGroup> Groups { get; }

    /// <summary>All rules in the order in which they are asked, those for the rest last.</summary>
    public ImmutableArray<Rule> Rules { get; }

    /// <summary>The group of <c>Balancer:Targets</c> and of the registry's replicas; for a table in short.</summary>
    public TargetGroup Default => Groups[0];

    /// <summary>What every request goes by; null if it depends on the request.</summary>
    public Rule? Only { get; }

    /// <summary>Whether a rule names a group, with whatever weight.</summary>
    public bool IsUsed(TargetGroup group) => Rules.Any(r => r.Action is ForwardAction forward && forward.Groups.Any(g => g.Group == group));

    /// <summary>The rule of a request. It costs no allocation.</summary>
    public Rule Choose(in RequestView request)
    {
        foreach (var rule in _rules)
        {
            if (rule.IsMatch(in request)) return rule;
        }

        return request.IsGrpc ? _forGrpc : _forOthers;
    }
}
