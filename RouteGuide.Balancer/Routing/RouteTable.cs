using System.Collections.Immutable;

namespace RouteGuide.Balancer.Routing;

/// <summary>Sends what its condition fits to a group.</summary>
/// <param name="Path">The condition.</param>
/// <param name="Group">Where to.</param>
internal sealed record ForwardRule(PathPattern Path, TargetGroup Group);

/// <summary>Which target group a request goes to: that of the first rule that fits, else the default for its kind. It never changes.</summary>
internal sealed class RouteTable
{
    /// <summary>The group of <c>Balancer:Targets</c> and of the registry's replicas.</summary>
    public const string DefaultGroup = "default";

    private readonly ImmutableArray<ForwardRule> _rules;
    private readonly TargetGroup _forGrpc;
    private readonly TargetGroup _forOthers;

    /// <param name="groups">All of them, the default one first, each at its index.</param>
    /// <param name="rules">In the order in which they are asked.</param>
    /// <param name="forOthers">Where requests go that are not gRPC and fit no rule.</param>
    public RouteTable(ImmutableArray<TargetGroup> groups, ImmutableArray<ForwardRule> rules, TargetGroup forOthers)
    {
        Groups = groups;
        _rules = rules;
        _forGrpc = groups[0];
        _forOthers = forOthers;
        if (rules.IsEmpty && forOthers == _forGrpc) Only = _forGrpc;
    }

    public ImmutableArray<TargetGroup> Groups { get; }

    /// <summary>The group of <c>Balancer:Targets</c> and of the registry's replicas.</summary>
    public TargetGroup Default => _forGrpc;

    /// <summary>Where every request goes; null if it depends on the request.</summary>
    public TargetGroup? Only { get; }

    /// <summary>Whether some request may go to a group.</summary>
    public bool IsUsed(TargetGroup group) => group == _forGrpc || group == _forOthers || _rules.Any(r => r.Group == group);

    /// <summary>Chooses for a request.</summary>
    /// <param name="target">Path and query, as they came.</param>
    /// <param name="isGrpc">Its content type says so.</param>
    public TargetGroup Choose(ReadOnlySpan<byte> target, bool isGrpc)
    {
        if (Only is { } only) return only;
        var query = target.IndexOf((byte)'?');
        var path = query < 0 ? target : target[..query];
        foreach (var rule in _rules)
        {
            if (rule.Path.IsMatch(path)) return rule.Group;
        }

        return isGrpc ? _forGrpc : _forOthers;
    }
}
