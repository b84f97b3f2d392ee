using RouteGuide.Balancer.Settings;
using RouteGuide.Balancer.Transport.Naming;

namespace RouteGuide.Balancer.Health.Discovery;

/// <summary>Which records of a name say where targets are.</summary>
internal enum NameRecords
{
    /// <summary>A and AAAA.</summary>
    [SettingName("ADDRESS")]
    Address,

    [SettingName("A")]
    A,

    [SettingName("AAAA")]
    Aaaa,

    /// <summary>SRV, which has ports and weights; its names' addresses are the targets.</summary>
    [SettingName("SRV")]
    Srv,
}

/// <summary>A name of a name service: each address that it has is a target.</summary>
internal sealed record NamedTargets : IChecked
{
    [Setting("Name", "a name, such as that of a headless service; with a dot at its end no search domain is tried", Required = true, Least = 1, Most = 254)]
    public string Name { get; init; } = "";

    [Setting("Type", "which records are asked for; ADDRESS is A and AAAA")]
    public NameRecords Type { get; init; }

    [Setting("Port", "the port of the targets; that of the group if not set. SRV records have their own", Least = 1, Most = 65_535)]
    public int? Port { get; init; }

    [Setting("Weight", "the weight of each target; SRV records have their own", Least = 1, Most = 999)]
    public int Weight { get; init; } = 1;

    [Setting("IntervalSeconds", "between two questions", Least = 0.1, Most = 3600)]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    [Setting("KeepSeconds", "that the last addresses are kept while there is no answer, or an empty one", Least = 0, Most = 86_400)]
    public TimeSpan Keep { get; init; } = TimeSpan.FromSeconds(300);

    public IEnumerable<SettingProblem> Check()
    {
        if (!DnsMessage.IsName(Name)) yield return new(nameof(Name), Name, "a name of labels with up to 63 letters, digits, hyphens and underscores");
        if (Type == NameRecords.Srv && Port is not null) yield return new(nameof(Port), Port.ToString(), "unset, as SRV records say the port");
    }

    public override string ToString() => $"{Type.ToString().ToUpperInvariant()} {Name}";
}
