using System.Buffers;
using RouteGuide.Balancer.Health.Discovery;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Balancer.Settings;
using RouteGuide.Balancer.Telemetry.AccessLogs;
using RouteGuide.Balancer.Telemetry.Admin;
using RouteGuide.Balancer.Telemetry.Metrics;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer.Configuration;

/// <summary>How sockets are waited for, and what encrypts.</summary>
internal enum TransportKind
{
    /// <summary>The fastest that the system has.</summary>
    [SettingName("auto")]
    Auto,

    /// <summary>Managed sockets and <c>SslStream</c>, also on Linux.</summary>
    [SettingName("portable")]
    Portable,
}

/// <summary>A rule in short: a path goes to a group, at every listener that has no rules of its own.</summary>
internal sealed record ShortRule
{
    [Setting("PathPattern", "which paths, without the query: `*` is any number of characters, `?` is one", Required = true)]
    public PathPattern? Path { get; init; }

    [Setting("TargetGroup", "where requests go that fit; the first rule that fits decides", Required = true)]
    public string Group { get; init; } = "";
}

/// <summary>All settings below <c>Balancer</c>, whether they come from balancer.json, appsettings.json, the environment or the command line.</summary>
internal sealed record BalancerConfiguration : IChecked
{
    /// <summary>The section's name.</summary>
    public const string Key = "Balancer";

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");

    [Setting("ConfigurationFile", "a file with these settings, read again when it changes; `balancer.json` beside the program if that exists", NeedsRestart = true)]
    public string? ConfigurationFile { get; init; }

    [Setting("ConfigurationReloadInterval", "between two looks at that file", Least = 0.01, Most = 3_600, NeedsRestart = true)]
    public TimeSpan ConfigurationReloadInterval { get; init; } = TimeSpan.FromSeconds(1);

    [Setting("Listeners", "where calls are taken, besides `ASPNETCORE_URLS`, each with a name of its own", Most = 50)]
    public IReadOnlyDictionary<string, ListenerConfiguration> Listeners { get; init; } = new Dictionary<string, ListenerConfiguration>();

    [Setting("TargetGroups", "groups of targets, each with a name of up to 32 letters, digits and hyphens", Most = 100)]
    public IReadOnlyDictionary<string, TargetGroupSettings> TargetGroups { get; init; } = new Dictionary<string, TargetGroupSettings>();

    [Setting("Targets", "the targets of the group `default`, in short", Most = 1_000)]
    public IReadOnlyList<TargetSettings> Targets { get; init; } = [];

    [Setting("Rules", "rules in short, for all listeners without rules of their own", Most = 100)]
    public IReadOnlyList<ShortRule> Rules { get; init; } = [];

    [Setting("DefaultAttributes", "how calls are treated that no rule says more of, at listeners that do not say it either")]
    public CallSettings DefaultAttributes { get; init; } = new();

    [Setting("Attributes", "how the balancer behaves")]
    public BalancerAttributes Attributes { get; init; } = new();

    [Setting("DefaultHttpGroup", "where requests go that fit no rule and are not gRPC; `default` if not set")]
    public string? DefaultHttpGroup { get; init; }

    [Setting("DrainTimeout", "how long running calls may take to end after SIGTERM", Least = 0, Most = 3_600, NeedsRestart = true)]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(5);

    [Setting("ConnectTimeout", "how long a target may take to accept a connection, TLS included, and then to send its SETTINGS", Least = 0.01, Most = 60, NeedsRestart = true)]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    // Below a tenth of a second the balancer would do little else than greet and part.
    [Setting("MaxConnectionAge", "how long a client's connection takes new calls, ± 10 %", Least = 0.1, Most = 30 * 86_400, ZeroIsOff = true, NeedsRestart = true)]
    public TimeSpan MaxConnectionAge { get; init; }

    [Setting("MaxRequestsPerConnection", "calls after which a client's connection takes no more", Least = 1, Most = int.MaxValue, ZeroIsOff = true, NeedsRestart = true)]
    public int MaxRequestsPerConnection { get; init; }

    [Setting("RegistrationTimeout", "how long a lease may be open without a registration", Least = 0.01, Most = 600, NeedsRestart = true)]
    public TimeSpan RegistrationTimeout { get; init; } = TimeSpan.FromSeconds(10);

    [Setting("Loops", "event loops; the number of processors if not set", Least = 1, Most = 256, NeedsRestart = true)]
    public int? Loops { get; init; }

    [Setting("Transport", "`auto`: on Linux, loops wait by epoll and clients' connections are secured by OpenSSL itself; `portable`: managed sockets and `SslStream`, as on other systems", NeedsRestart = true)]
    public TransportKind Transport { get; init; }

    [Setting("CertificateReloadInterval", "between two looks at the files of certificates and trust stores", Least = 0.01, Most = 3_600, NeedsRestart = true)]
    public TimeSpan CertificateReloadInterval { get; init; } = TimeSpan.FromSeconds(1);

    [Setting("AccessLog", "a line for each call, see docs/observability.md")]
    public AccessLogSettings AccessLog { get; init; } = new();

    [Setting("Metrics", "what is counted, see docs/observability.md", NeedsRestart = true)]
    public MetricsSettings Metrics { get; init; } = new();

    [Setting("Admin", "the status page, see docs/observability.md", NeedsRestart = true)]
    public AdminSettings Admin { get; init; } = new();

    [Setting("Tracing", "spans, see docs/observability.md")]
    public TracingSettings Tracing { get; init; } = new();

    [Setting("Dns", "who is asked for names")]
    public DnsSettings Dns { get; init; } = new();

    [Setting("Certificates", "certificates for host names, see Certificates", NeedsRestart = true)]
    public ForeignSettings? Certificates { get; init; }

    [Setting("ClientCertificates", "what is asked of clients, see Certificates", NeedsRestart = true)]
    public ForeignSettings? ClientCertificates { get; init; }

    [Setting("TargetTls", "TLS to targets, see TLS to targets", NeedsRestart = true)]
    public ForeignSettings? TargetTls { get; init; }

    [Setting("Limits", "what peers may make the balancer hold, wait for or repeat, see Limits", NeedsRestart = true)]
    public ForeignSettings? Limits { get; init; }

    /// <summary>The groups with their names, the default one first, whether it is configured or not.</summary>
    public IEnumerable<KeyValuePair<string, TargetGroupSettings>> Groups
    {
        get
        {
            var own = TargetGroups.GetValueOrDefault(RouteTable.DefaultGroup) ?? new TargetGroupSettings();
            yield return KeyValuePair.Create(RouteTable.DefaultGroup, own with { ProtocolVersion = own.VersionOr(ProtocolVersion.Http2), Targets = Targets.Count > 0 ? Targets : own.Targets });
            foreach (var (name, group) in TargetGroups)
            {
                if (!IsDefault(name)) yield return KeyValuePair.Create(name, group with { ProtocolVersion = group.VersionOr(ProtocolVersion.Http1) });
            }
        }
    }

    /// <exception cref="ConfigurationException">A setting cannot be used.</exception>
    public static BalancerConfiguration Read(IConfiguration configuration) => SettingsReader.Read<BalancerConfiguration>(configuration.GetSection(Key));

    public IEnumerable<SettingProblem> Check()
    {
        foreach (var (name, group) in TargetGroups)
        {
            if (name.Length > TargetGroup.MaxNameLength || name.AsSpan().IndexOfAnyExcept(NameCharacters) >= 0)
            {
                yield return new SettingProblem($"{nameof(TargetGroups)}:{name}", name, $"a target group's name of at most {TargetGroup.MaxNameLength} letters, digits and hyphens");
            }

            if (!IsDefault(name)) continue;
            if (Targets.Count > 0 && group.Targets.Count > 0) yield return new SettingProblem($"{nameof(TargetGroups)}:{name}:Targets", $"{group.Targets.Count} entries", $"a list besides {Key}:Targets, which are the targets of the default group already; use one of the two");
            // The replicas that register are gRPC servers.
            if (group.Protocol == TargetProtocol.Tcp) yield return new SettingProblem($"{nameof(TargetGroups)}:{name}:Protocol", "TCP", "HTTP or HTTPS, as gRPC requests go to this group");
            if (group.ProtocolVersion == ProtocolVersion.Http1) yield return new SettingProblem($"{nameof(TargetGroups)}:{name}:ProtocolVersion", "HTTP1", "GRPC or HTTP2, as gRPC requests go to this group");
        }

        // Checked as groups are, as if it were one: the targets in short are the default group's.
        foreach (var problem in new TargetGroupSettings { Targets = Targets, ProtocolVersion = ProtocolVersion.Http2 }.Check()) yield return problem;
        foreach (var (name, group) in TargetGroups)
        {
            if (group.ProtocolVersion is not null || group.Protocol == TargetProtocol.Tcp || IsDefault(name)) continue;
            foreach (var problem in (group with { ProtocolVersion = ProtocolVersion.Http1 }).Check()) yield return problem with { Setting = $"{nameof(TargetGroups)}:{name}:{problem.Setting}" };
        }

        for (var i = 0; i < Rules.Count; i++)
        {
            if (!HasGroup(Rules[i].Group)) yield return new SettingProblem($"{nameof(Rules)}:{i}:TargetGroup", Rules[i].Group, GroupNames);
        }

        var names = Groups.Select(g => g.Key).ToList();
        foreach (var (name, listener) in Listeners)
        {
            foreach (var problem in new ListenerRules(listener.Rules, listener.DefaultActions).Check(names)) yield return problem with { Setting = $"{nameof(Listeners)}:{name}:{problem.Setting}" };
        }

        if (DefaultHttpGroup is not null && !HasGroup(DefaultHttpGroup)) yield return new SettingProblem(nameof(DefaultHttpGroup), DefaultHttpGroup, GroupNames);
    }

    /// <summary>What a group's name has to be, for errors.</summary>
    private string GroupNames => $"the name of a target group, one of: {string.Join(", ", Groups.Select(g => g.Key))}";

    private bool HasGroup(string name) => IsDefault(name) || TargetGroups.ContainsKey(name);

    private static bool IsDefault(string name) => name.Equals(RouteTable.DefaultGroup, StringComparison.OrdinalIgnoreCase);
}

/// <summary>The attributes of the balancer.</summary>
internal sealed record BalancerAttributes
{
    [Setting("stickiness", "what all stickiness has in common")]
    public StickinessKeySettings Stickiness { get; init; } = new();
}
