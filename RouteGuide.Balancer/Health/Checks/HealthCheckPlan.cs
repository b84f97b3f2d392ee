using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health.Checks;

/// <summary>What a check finds out.</summary>
internal enum CheckKind
{
    Grpc,
    GrpcHealth,
    Http,
    Tcp,
}

/// <summary>What the health check settings of a group come to: everything decided.</summary>
internal sealed record HealthCheckPlan
{
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    public required CheckKind Kind { get; init; }

    /// <summary>1 to 65535; null for that of the calls.</summary>
    public int? Port { get; init; }

    /// <summary>Null for as the calls do.</summary>
    public bool? IsTls { get; init; }

    /// <summary>HTTP checks speak HTTP/2.</summary>
    public bool IsHttp2 { get; init; }

    public string Path { get; init; } = "/";

    public string Service { get; init; } = "";

    public GrpcCodes GrpcCodes { get; init; } = GrpcCodes.Default;

    public HttpCodes HttpCodes { get; init; } = HttpCodes.Default;

    /// <summary>Between the beginnings of two checks of a target. 0.1 s to 300 s, 30 s by default.</summary>
    public TimeSpan Interval { get; init; } = DefaultInterval;

    /// <summary>For one check. At most the interval, 5 s by default.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>Passes in a row from unhealthy to healthy. 1 to 10, 5 by default.</summary>
    public int HealthyThreshold { get; init; } = 5;

    /// <summary>Failures in a row to unhealthy. 1 to 10, 2 by default.</summary>
    public int UnhealthyThreshold { get; init; } = 2;

    /// <summary>Decides; null if the targets are not checked.</summary>
    public static HealthCheckPlan? Of(HealthCheckSettings settings, ProtocolVersion version)
    {
        if (!settings.IsHealthChecked) return null;
        var kind = KindOf(settings, version);
        var interval = settings.HealthCheckInterval ?? DefaultInterval;
        return new HealthCheckPlan
        {
            Kind = kind,
            Port = settings.HealthCheckPort?.Number,
            IsTls = settings.HealthCheckProtocol switch
            {
                HealthCheckProtocol.Http => false,
                HealthCheckProtocol.Https => true,
                HealthCheckProtocol.Tcp => settings.HealthCheckTls ?? false,
                _ => settings.HealthCheckTls,
            },
            IsHttp2 = settings.HealthCheckProtocolVersion switch
            {
                CheckHttpVersion.Http1 => false,
                CheckHttpVersion.Http2 => true,
                _ => version is ProtocolVersion.Http2 or ProtocolVersion.Grpc && settings.HealthCheckPort?.Number is null,
            },
            Path = settings.HealthCheckPath ?? (kind == CheckKind.Grpc ? "/AWS.ALB/healthcheck" : "/"),
            Service = settings.HealthCheckService ?? "",
            GrpcCodes = settings.Matcher.GrpcCode ?? GrpcCodes.Default,
            HttpCodes = settings.Matcher.HttpCode ?? HttpCodes.Default,
            Interval = interval,
            Timeout = settings.HealthCheckTimeout ?? (interval < DefaultTimeout ? interval : DefaultTimeout),
            HealthyThreshold = settings.HealthyThresholdCount ?? 5,
            UnhealthyThreshold = settings.UnhealthyThresholdCount ?? 2,
        };
    }

    /// <summary>AWS calls the checks of gRPC targets HTTP or HTTPS too, and tells them by the matcher.</summary>
    public static CheckKind KindOf(HealthCheckSettings settings, ProtocolVersion version) => settings.HealthCheckProtocol switch
    {
        HealthCheckProtocol.Grpc => CheckKind.Grpc,
        HealthCheckProtocol.GrpcHealth => CheckKind.GrpcHealth,
        HealthCheckProtocol.Tcp => CheckKind.Tcp,
        _ when settings.Matcher.GrpcCode is not null => CheckKind.Grpc,
        _ when settings.Matcher.HttpCode is not null => CheckKind.Http,
        null when settings.HealthCheckService is not null => CheckKind.GrpcHealth,
        null when version == ProtocolVersion.Tcp && settings.HealthCheckPath is null => CheckKind.Tcp,
        _ => version == ProtocolVersion.Grpc ? CheckKind.Grpc : CheckKind.Http,
    };

    /// <summary>The port of a target that the check connects to.</summary>
    public int PortOf(TargetAddress address) => Port ?? address.Port;
}
