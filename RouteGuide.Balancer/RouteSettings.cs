using RouteGuide.Balancer.Configuration;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;

namespace RouteGuide.Balancer;

/// <summary>A target group as configured.</summary>
internal sealed record GroupSettings(string Name, TargetGroupSettings Settings)
{
    public ProtocolVersion Version => Settings.ProtocolVersion!.Value;

    public IReadOnlyList<TargetAddress> Targets => [.. Settings.Addresses.Select(t => t.Address)];
}

/// <summary>A rule as configured.</summary>
internal sealed record ShortRuleSettings(PathPattern Path, string Group);

/// <summary>Target groups and which requests go where.</summary>
internal sealed record RouteSettings
{
    /// <summary>The default one first.</summary>
    public required IReadOnlyList<GroupSettings> Groups { get; init; }

    /// <summary>In the order in which they are asked.</summary>
    public required IReadOnlyList<ShortRuleSettings> Rules { get; init; }

    /// <summary>Where requests go that are not gRPC and fit no rule.</summary>
    public required string DefaultHttpGroup { get; init; }

    public static RouteSettings From(BalancerConfiguration configuration)
    {
        var groups = configuration.Groups.Select(g => new GroupSettings(g.Key, g.Value)).ToList();
        return new RouteSettings
        {
            Groups = groups,
            Rules = [.. configuration.Rules.Select(r => new ShortRuleSettings(r.Path!, NameOf(r.Group)))],
            DefaultHttpGroup = NameOf(configuration.DefaultHttpGroup ?? RouteTable.DefaultGroup),
        };

        // As it is written where the group is.
        string NameOf(string name) => groups.First(g => IsSame(g.Name, name)).Name;
    }

    /// <summary>The rules of a listener.</summary>
    /// <param name="listener">Checked.</param>
    /// <param name="find">The group of a name.</param>
    public RouteTable Build(ListenerSettings listener, Func<string, TargetGroup> find)
    {
        var (byDefault, forOthers) = (find(RouteTable.DefaultGroup), find(DefaultHttpGroup));
        // In TCP mode nobody knows what is gRPC.
        if (listener.IsTcp) return new ListenerRules([], listener.DefaultActions).Build(find, byDefault, byDefault);
        if (listener.Rules.Count + listener.DefaultActions.Count > 0) return new ListenerRules(listener.Rules, listener.DefaultActions).Build(find, byDefault, forOthers);
        return new RouteTable([.. Groups.Select(g => find(g.Name))], [.. Rules.Select(rule => new ForwardRule(rule.Path, find(rule.Group)))], forOthers);
    }

    // Configuration does not tell cases apart.
    private static bool IsSame(string name, string? other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
