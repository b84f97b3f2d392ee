using System.Buffers;
using System.Collections.Immutable;
using RouteGuide.Balancer.Routing;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer;

/// <summary>A target group as configured.</summary>
internal sealed record GroupSettings(string Name, ProtocolVersion Version, IReadOnlyList<TargetAddress> Targets);

/// <summary>A rule as configured.</summary>
internal sealed record RuleSettings(PathPattern Path, string Group);

/// <summary>Target groups and which requests go where, checked whole.</summary>
internal sealed record RouteSettings
{
    public const string TargetsKey = "Balancer:Targets";
    public const string GroupsKey = "Balancer:TargetGroups";
    public const string RulesKey = "Balancer:Rules";
    public const string DefaultHttpGroupKey = "Balancer:DefaultHttpGroup";

    private const string VersionKey = "ProtocolVersion";
    private const string PathKey = "PathPattern";
    private const string GroupKey = "TargetGroup";

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>The default one first.</summary>
    public required IReadOnlyList<GroupSettings> Groups { get; init; }

    /// <summary>In the order in which they are asked.</summary>
    public required IReadOnlyList<RuleSettings> Rules { get; init; }

    /// <summary>Where requests go that are not gRPC and fit no rule.</summary>
    public required string DefaultHttpGroup { get; init; }

    /// <exception cref="ConfigurationException">A setting cannot be used.</exception>
    public static RouteSettings Read(IConfiguration configuration)
    {
        var groups = ReadGroups(configuration);
        return new RouteSettings
        {
            Groups = groups,
            Rules = [.. configuration.GetSection(RulesKey).GetChildren().Select(section => ReadRule(section, groups))],
            DefaultHttpGroup = ReadGroupName(DefaultHttpGroupKey, configuration[DefaultHttpGroupKey] is { Length: > 0 } name ? name : RouteTable.DefaultGroup, groups),
        };
    }

    /// <summary>Makes the groups, with their targets in them, and the routes to them.</summary>
    public RouteTable Build()
    {
        var groups = Groups.Select((settings, index) => new TargetGroup(settings.Name, settings.Version, index)).ToImmutableArray();
        foreach (var (group, settings) in groups.Zip(Groups))
        {
            foreach (var address in settings.Targets) group.Targets.TryAdd(new Target(address.Authority, address, leased: false));
        }

        return new RouteTable(groups, [.. Rules.Select(rule => new ForwardRule(rule.Path, Find(rule.Group)))], Find(DefaultHttpGroup));

        TargetGroup Find(string name) => groups.First(g => IsSame(g.Name, name));
    }

    private static List<GroupSettings> ReadGroups(IConfiguration configuration)
    {
        // Balancer:Targets is the default group in short.
        var direct = ReadTargets(configuration.GetSection(TargetsKey));
        var groups = new List<GroupSettings> { new(RouteTable.DefaultGroup, ProtocolVersion.Http2, direct) };
        foreach (var section in configuration.GetSection(GroupsKey).GetChildren())
        {
            RequireKnown(section, VersionKey, "Targets");
            if (section.Key.Length > TargetGroup.MaxNameLength || section.Key.AsSpan().IndexOfAnyExcept(NameCharacters) >= 0)
            {
                throw new ConfigurationException(section.Path, section.Key, $"a target group's name of at most {TargetGroup.MaxNameLength} letters, digits and hyphens");
            }

            var targets = ReadTargets(section.GetSection("Targets"));
            if (!IsSame(section.Key, RouteTable.DefaultGroup))
            {
                var spoken = ReadVersion(section, ProtocolVersion.Http1);
                if (spoken == ProtocolVersion.Http1 && targets.Find(t => t.IsTls) is { } secured) throw new ConfigurationException($"{section.Path}:Targets: '{secured}' is https; HTTP1 targets are reached by plaintext, expected http://host:port.");
                groups.Add(new GroupSettings(section.Key, spoken, targets));
                continue;
            }

            if (direct.Count > 0 && targets.Count > 0) throw new ConfigurationException($"{section.Path}:Targets: the targets of the default group stand in {TargetsKey} already.");
            var version = ReadVersion(section, ProtocolVersion.Http2);
            // The replicas that register are gRPC servers.
            if (version == ProtocolVersion.Http1) throw new ConfigurationException($"{section.Path}:{VersionKey}", section[VersionKey], "GRPC or HTTP2, as gRPC requests go to this group");
            groups[0] = new GroupSettings(RouteTable.DefaultGroup, version, direct.Count > 0 ? direct : targets);
        }

        return groups;
    }

    private static ProtocolVersion ReadVersion(IConfigurationSection section, ProtocolVersion byDefault)
    {
        var text = section[VersionKey];
        if (string.IsNullOrEmpty(text)) return byDefault;
        return ProtocolVersions.TryParse(text, out var version) ? version : throw new ConfigurationException($"{section.Path}:{VersionKey}", text, "GRPC, HTTP2 or HTTP1");
    }

    private static RuleSettings ReadRule(IConfigurationSection section, List<GroupSettings> groups)
    {
        RequireKnown(section, PathKey, GroupKey);
        var text = section[PathKey];
        var path = PathPattern.TryParse(text, out var expected) ?? throw new ConfigurationException($"{section.Path}:{PathKey}", text, expected);
        return new RuleSettings(path, ReadGroupName($"{section.Path}:{GroupKey}", section[GroupKey], groups));
    }

    private static string ReadGroupName(string setting, string? name, List<GroupSettings> groups) =>
        groups.Find(g => IsSame(g.Name, name))?.Name
        ?? throw new ConfigurationException(setting, name, $"the name of a target group, one of: {string.Join(", ", groups.Select(g => g.Name))}");

    private static List<TargetAddress> ReadTargets(IConfigurationSection list)
    {
        var targets = new List<TargetAddress>();
        foreach (var section in list.GetChildren())
        {
            if (!TargetAddress.TryParse(section.Value, out var address, out var error)) throw new ConfigurationException($"{section.Path}: the address {error}.");
            if (targets.Contains(address)) throw new ConfigurationException($"{section.Path}: the address '{address}' is in the list already.");
            targets.Add(address);
        }

        return targets;
    }

    // A misspelt setting would be a setting that silently does nothing.
    private static void RequireKnown(IConfigurationSection section, params string[] known)
    {
        foreach (var child in section.GetChildren())
        {
            if (!known.Any(k => IsSame(k, child.Key))) throw new ConfigurationException($"{child.Path}: there is no such setting; expected {string.Join(" or ", known)}.");
        }
    }

    // Configuration does not tell cases apart.
    private static bool IsSame(string name, string? other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
