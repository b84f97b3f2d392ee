using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Health.Checks;
using RouteGuide.Balancer.Health.Discovery;
using RouteGuide.Balancer.Health.Outliers;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Proxy.Tcp;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Configuration;

/// <summary>How the targets of a group are reached.</summary>
internal enum TargetProtocol
{
    /// <summary>Plaintext.</summary>
    [SettingName("HTTP")]
    Http,

    /// <summary>TLS.</summary>
    [SettingName("HTTPS")]
    Https,

    /// <summary>Whatever clients of a listener in TCP mode say.</summary>
    [SettingName("TCP")]
    Tcp,
}

/// <summary>A target group as configured.</summary>
internal sealed record TargetGroupSettings : HealthCheckSettings, IChecked
{
    [Setting("Protocol", "how its targets are reached: HTTP is plaintext, HTTPS is TLS, a target's url says it itself; TCP takes whole connections of `tcp://` listeners")]
    public TargetProtocol Protocol { get; init; }

    [Setting("ProtocolVersion", "what its targets speak; HTTP1 if not set, of the group `default` HTTP2")]
    public ProtocolVersion? ProtocolVersion { get; init; }

    [Setting("Port", "the port of targets that have none of their own", Least = 1, Most = 65_535)]
    public int? Port { get; init; }

    [Setting("Targets", "its targets: urls, or records of Id, Port and Weight", Most = 1_000)]
    public IReadOnlyList<TargetSettings> Targets { get; init; } = [];

    [Setting("Names", "names whose addresses are targets too, asked for again and again", Most = 16)]
    public IReadOnlyList<NamedTargets> Names { get; init; } = [];

    [Setting("Attributes", "how it behaves")]
    public TargetGroupAttributes Attributes { get; init; } = new();

    /// <summary>How its targets are kept.</summary>
    /// <param name="version">What they speak.</param>
    /// <param name="isInUse">Some rule or default sends calls to them.</param>
    public KeeperSettings Keeping(ProtocolVersion version, bool isInUse) => new(HealthCheckPlan.Of(this, version), Attributes, isInUse, Attributes.Algorithm.AllowsSlowStart)
    {
        Port = Port,
        IsTls = Protocol == TargetProtocol.Https,
        Names = Names,
    };

    /// <summary>What its targets speak, if it does not say.</summary>
    public ProtocolVersion VersionOr(ProtocolVersion byDefault) => Protocol == TargetProtocol.Tcp ? Routing.ProtocolVersion.Tcp : ProtocolVersion ?? byDefault;

    /// <summary>The targets' addresses, in their order; for a group that was checked.</summary>
    public IEnumerable<(TargetAddress Address, int Weight)> Addresses => Targets.Select(t => (t.AddressIn(Port, Protocol == TargetProtocol.Https)!, t.Weight));

    public IEnumerable<SettingProblem> Check()
    {
        foreach (var problem in CheckHealthChecks()) yield return problem;
        for (var i = 0; i < Names.Count; i++)
        {
            if (Names[i].Type != NameRecords.Srv && Names[i].Port is null && Port is null) yield return new SettingProblem($"{nameof(Names)}:{i}:Port", null, "a port from 1 to 65535, here or in the group");
        }

        var isTcp = Protocol == TargetProtocol.Tcp;
        if (isTcp && ProtocolVersion is not (null or Routing.ProtocolVersion.Tcp)) yield return new SettingProblem(nameof(ProtocolVersion), ProtocolVersion.Value.Name(), "not set, as a group of protocol TCP has none");
        var taken = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < Targets.Count; i++)
        {
            var address = Targets[i].AddressIn(Port, Protocol == TargetProtocol.Https);
            if (address is null) yield return new SettingProblem($"{nameof(Targets)}:{i}:Port", null, "a port from 1 to 65535, here or in the group");
            else if (!taken.TryAdd(address.Authority, i)) yield return new SettingProblem($"{nameof(Targets)}:{i}", address.ToString(), $"an address of its own: it is in the list already, at {taken[address.Authority]}");
            else if (isTcp && address.IsTls) yield return new SettingProblem($"{nameof(Targets)}:{i}", address.ToString(), "tcp://host:port: what passes in TCP mode is encrypted by its clients, if at all");
            else if (!isTcp && Targets[i].IsTcp) yield return new SettingProblem($"{nameof(Targets)}:{i}", $"tcp://{address.Authority}", "http://host:port or https://host:port, as the group's protocol is not TCP");
            else if (address.IsTls && ProtocolVersion == Routing.ProtocolVersion.Http1) yield return new SettingProblem($"{nameof(Targets)}:{i}", address.ToString(), "plaintext: HTTP1 targets are reached as http://host:port");
        }
    }
}

/// <summary>The attributes of a target group, each with the dotted key that it has with AWS's load balancer, or one in that manner.</summary>
internal sealed record TargetGroupAttributes : TargetAttributes
{
    [Setting("load_balancing.algorithm", "which target of the group gets a call")]
    public AlgorithmSettings Algorithm { get; init; } = new();

    [Setting("stickiness", "whether a client's requests stay with one target")]
    public StickinessSettings Stickiness { get; init; } = new();

    [Setting("concurrency", "how many calls a target has at once")]
    public ConcurrencySettings Concurrency { get; init; } = new();

    [Setting("proxy_protocol_v2", "for `tcp://` listeners alone")]
    public TcpGroupSettings ProxyProtocol { get; init; } = new();

    [Setting("outlier_detection", "when a target gets no calls because of what became of them")]
    public OutlierSettings Outliers { get; init; } = new();
}
