using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Health.Checks;

/// <summary>How a check is made.</summary>
internal enum HealthCheckProtocol
{
    /// <summary>A gRPC call whose status code is compared.</summary>
    [SettingName("GRPC")]
    Grpc,

    /// <summary><c>grpc.health.v1.Health/Check</c>, whose answer is read: only SERVING passes.</summary>
    [SettingName("GRPC_HEALTH")]
    GrpcHealth,

    /// <summary>A GET whose status is compared; with a gRPC code to match, or in a group of gRPC targets, a gRPC call.</summary>
    [SettingName("HTTP")]
    Http,

    /// <summary>The same over TLS.</summary>
    [SettingName("HTTPS")]
    Https,

    /// <summary>A connection is made and closed.</summary>
    [SettingName("TCP")]
    Tcp,
}

/// <summary>Which answers pass.</summary>
internal sealed record MatcherSettings
{
    [Setting("GrpcCode", "gRPC status codes that pass: `12`, `0,12` or `0-99`; 12 where gRPC is called and nothing is set")]
    public GrpcCodes? GrpcCode { get; init; }

    [Setting("HttpCode", "HTTP status codes that pass: `200`, `200,204` or `200-299`; 200 where HTTP is asked and nothing is set")]
    public HttpCodes? HttpCode { get; init; }
}

/// <summary>
/// The health check settings of a target group, in the names of AWS's Application Load Balancer. What is not set is null: a group is checked as soon
/// as one of them is. <see cref="HealthCheckPlan"/> says what they come to.
/// </summary>
internal record HealthCheckSettings
{
    [Setting("HealthCheckEnabled", "targets are checked; by default where any other setting of health checks is set")]
    public bool? HealthCheckEnabled { get; init; }

    [Setting("HealthCheckProtocol", "how they are checked; by default what the matcher or the service asks for, else GRPC for GRPC groups, TCP for TCP groups and HTTP for others")]
    public HealthCheckProtocol? HealthCheckProtocol { get; init; }

    [Setting("HealthCheckProtocolVersion", "the HTTP version of HTTP and HTTPS checks, HTTP1 or HTTP2; by default the group's on its own port, HTTP1 on another")]
    public CheckHttpVersion? HealthCheckProtocolVersion { get; init; }

    [Setting("HealthCheckPort", "`traffic-port` or a port from 1 to 65535; by default traffic-port")]
    public CheckPort? HealthCheckPort { get; init; }

    [Setting("HealthCheckTls", "the check goes over TLS; by default as its protocol says (HTTP, HTTPS), else as the calls do")]
    public bool? HealthCheckTls { get; init; }

    [Setting("HealthCheckPath", "what is asked for; by default `/AWS.ALB/healthcheck` for gRPC, `/` for HTTP", Least = 1, Most = 1024)]
    public string? HealthCheckPath { get; init; }

    [Setting("HealthCheckService", "the service that GRPC_HEALTH asks about; by default the empty name, which stands for the whole server", Most = 256)]
    public string? HealthCheckService { get; init; }

    [Setting("HealthCheckIntervalSeconds", "from the beginning of a check to that of the next, one tenth more or less by chance; by default 30", Least = 0.1, Most = 300)]
    public TimeSpan? HealthCheckInterval { get; init; }

    [Setting("HealthCheckTimeoutSeconds", "for a check, at most the interval; by default 5, or the interval where that is less", Least = 0.1, Most = 120)]
    public TimeSpan? HealthCheckTimeout { get; init; }

    [Setting("HealthyThresholdCount", "checks in a row that make an unhealthy target healthy; by default 5. A new target needs one", Least = 1, Most = 10)]
    public int? HealthyThresholdCount { get; init; }

    [Setting("UnhealthyThresholdCount", "checks in a row that make a target unhealthy; by default 2", Least = 1, Most = 10)]
    public int? UnhealthyThresholdCount { get; init; }

    [Setting("Matcher", "which answers pass")]
    public MatcherSettings Matcher { get; init; } = new();

    /// <summary>Whether targets are checked.</summary>
    public bool IsHealthChecked => HealthCheckEnabled ?? new HealthCheckSettings
    {
        HealthCheckProtocol = HealthCheckProtocol,
        HealthCheckProtocolVersion = HealthCheckProtocolVersion,
        HealthCheckPort = HealthCheckPort,
        HealthCheckTls = HealthCheckTls,
        HealthCheckPath = HealthCheckPath,
        HealthCheckService = HealthCheckService,
        HealthCheckInterval = HealthCheckInterval,
        HealthCheckTimeout = HealthCheckTimeout,
        HealthyThresholdCount = HealthyThresholdCount,
        UnhealthyThresholdCount = UnhealthyThresholdCount,
        Matcher = Matcher,
    }
    != new HealthCheckSettings();

    /// <summary>What does not fit together.</summary>
    public IEnumerable<SettingProblem> CheckHealthChecks()
    {
        if (HealthCheckTimeout > (HealthCheckInterval ?? HealthCheckPlan.DefaultInterval)) yield return new("HealthCheckTimeoutSeconds", Text(HealthCheckTimeout), "a time of at most HealthCheckIntervalSeconds");
        if (HealthCheckPath is { } path && (path[0] != '/' || path.AsSpan().ContainsAnyExceptInRange('!', '~'))) yield return new("HealthCheckPath", path, "a path that begins with '/', of visible ASCII characters");
        if (Matcher is { GrpcCode: not null, HttpCode: not null }) yield return new("Matcher:HttpCode", Matcher.HttpCode.ToString(), "unset where GrpcCode is set: a check has one kind");

        var asks = HealthCheckPlan.KindOf(this, Routing.ProtocolVersion.Http2);
        if (HealthCheckService is not null && asks != CheckKind.GrpcHealth) yield return new("HealthCheckService", HealthCheckService, "unset, as only GRPC_HEALTH checks ask about a service");
        if (HealthCheckPath is not null && asks is CheckKind.GrpcHealth or CheckKind.Tcp) yield return new("HealthCheckPath", HealthCheckPath, $"unset, as {asks} checks have no path");
        if (Matcher.GrpcCode is { } grpc && asks != CheckKind.Grpc) yield return new("Matcher:GrpcCode", grpc.ToString(), "unset, as these checks do not compare gRPC status codes");
        if (Matcher.HttpCode is { } http && asks != CheckKind.Http) yield return new("Matcher:HttpCode", http.ToString(), "unset, as these checks do not compare HTTP status codes");
        var implied = HealthCheckProtocol switch { Checks.HealthCheckProtocol.Http => false, Checks.HealthCheckProtocol.Https => true, _ => (bool?)null };
        if (implied is { } tls && HealthCheckTls == !tls) yield return new("HealthCheckTls", tls ? "false" : "true", "unset, as HealthCheckProtocol says HTTP or HTTPS already");
    }

    private static string? Text(TimeSpan? time) => time?.TotalSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>The version of HTTP that a check speaks.</summary>
internal enum CheckHttpVersion
{
    [SettingName("HTTP1")]
    Http1,

    [SettingName("HTTP2")]
    Http2,
}
