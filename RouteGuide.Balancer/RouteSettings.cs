using System.Collections.Immutable;
using RouteGuide.Balancer.Configuration;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer;

/// <summary>A target group as configured.</summary>
internal sealed record GroupSettings(string Name, TargetGroupSettings Settings)
{
    public ProtocolVersion Version => Settings.ProtocolVersion!.Value;

    public IReadOnlyList<TargetAddress> Targets => [.. Settings.Addresses.Select(t => t.Address)];
}

/// <summary>A rule as configured.</summary>
internal sealed record RuleSettings(PathPattern Path, string Group);

/// <summary>Target groups and which requests go where.</summary>
internal sealed record RouteSettings
{
    /// <summary>The default one first.</summary>
    public required IReadOnlyList<GroupSettings> Groups { get; init; }

    /// <summary>In the order in which they are asked.</summary>
    public required IReadOnlyList<RuleSettings> Rules { get; init; }

    /// <summary>Where requests go that are not gRPC and fit no rule.</summary>
    public required string DefaultHttpGroup { get; init; }

    public static RouteSettings From(BalancerConfiguration configuration)
    {
        var groups = configuration.Groups.Select(g => new GroupSettings(g.Key, g.Value)).ToList();
        return new RouteSettings
        {
            Groups = groups,
            Rules = [.. configuration.Rules.Select(r => new RuleSettings(r.Path!, NameOf(r.Group)))],
            DefaultHttpGroup = NameOf(configuration.DefaultHttpGroup ?? RouteTable.DefaultGroup),
        };

        // As it is written where the group is.
        string NameOf(string name) => groups.First(g => IsSame(g.Name, name)).Name;
    }

    /// <summary>Makes the groups, without their targets, and the routes to them.</summary>
    public RouteTable Build()
    {
        var groups = Groups.Select((settings, index) => new TargetGroup(settings.Name, settings.Version, index)).ToImmutableArray();
        return new RouteTable(groups, [.. Rules.Select(rule => new ForwardRule(rule.Path, Find(rule.Group)))], Find(DefaultHttpGroup));

        TargetGroup Find(string name) => groups.First(g => IsSame(g.Name, name));
    }

    // Configuration does not tell cases apart.
    private static bool IsSame(string name, string? other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
