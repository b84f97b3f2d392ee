using Microsoft.Extensions.Configuration;
using RouteGuide.Balancer.Configuration;
using RouteGuide.Balancer.Health.Checks;
using RouteGuide.Balancer.Routing;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Tests.Balancer.Health;

/// <summary>What the health check settings of a group come to.</summary>
public sealed class HealthCheckSettingsTests
{
    [Theory]
    [InlineData("12", new[] { 12 }, new[] { 0, 11, 13, 99 })]
    [InlineData("0,12", new[] { 0, 12 }, new[] { 1, 11, 13 })]
    [InlineData("0-99", new[] { 0, 12, 99 }, new[] { 100, -1 })]
    [InlineData("0-2, 14", new[] { 0, 1, 2, 14 }, new[] { 3, 13 })]
    public void A_matcher_is_a_code_a_list_or_a_range(string text, int[] fit, int[] unfit)
    {
        var codes = GrpcCodes.Parse(text);

        Assert.All(fit, c => Assert.True(codes.Contains(c), $"{c}"));
        Assert.All(unfit, c => Assert.False(codes.Contains(c), $"{c}"));
        Assert.Equal(text, codes.ToString());
    }

    [Theory]
    [InlineData("100")]
    [InlineData("-1")]
    [InlineData("5-3")]
    [InlineData("1-2-3")]
    [InlineData("0,")]
    [InlineData("OK")]
    public void Anything_else_is_not(string text) => Assert.False(GrpcCodes.TryParse(text, out _, out _));

    [Fact]
    public void Without_a_setting_nothing_is_checked_and_one_is_enough()
    {
        Assert.Null(Plan(ProtocolVersion.Grpc));
        Assert.Null(Plan(ProtocolVersion.Grpc, "HealthCheckEnabled=false", "HealthCheckPath=/a"));
        Assert.NotNull(Plan(ProtocolVersion.Grpc, "HealthCheckEnabled=true"));
        Assert.NotNull(Plan(ProtocolVersion.Grpc, "HealthCheckIntervalSeconds=30"));
        Assert.NotNull(Plan(ProtocolVersion.Grpc, "Matcher:GrpcCode=12"));
    }

    [Theory]
    // The protocol, or what else is set, or the group decides.
    [InlineData(ProtocolVersion.Grpc, "HealthCheckEnabled=true", CheckKind.Grpc)]
    [InlineData(ProtocolVersion.Http2, "HealthCheckEnabled=true", CheckKind.Http)]
    [InlineData(ProtocolVersion.Http1, "HealthCheckEnabled=true", CheckKind.Http)]
    [InlineData(ProtocolVersion.Http2, "Matcher:GrpcCode=0", CheckKind.Grpc)]
    [InlineData(ProtocolVersion.Grpc, "Matcher:HttpCode=200", CheckKind.Http)]
    [InlineData(ProtocolVersion.Grpc, "HealthCheckService=routeguide", CheckKind.GrpcHealth)]
    [InlineData(ProtocolVersion.Http1, "HealthCheckProtocol=GRPC_HEALTH", CheckKind.GrpcHealth)]
    [InlineData(ProtocolVersion.Grpc, "HealthCheckProtocol=TCP", CheckKind.Tcp)]
    // AWS's gRPC checks are called HTTP.
    [InlineData(ProtocolVersion.Grpc, "HealthCheckProtocol=HTTP", CheckKind.Grpc)]
    [InlineData(ProtocolVersion.Http2, "HealthCheckProtocol=HTTPS", CheckKind.Http)]
    internal void The_kind_follows_from_what_is_set(ProtocolVersion version, string setting, CheckKind kind) => Assert.Equal(kind, Plan(version, setting)!.Kind);

    [Fact]
    public void Defaults_are_those_of_the_anchor()
    {
        var plan = Plan(ProtocolVersion.Grpc, "HealthCheckEnabled=true")!;

        Assert.Equal(("/AWS.ALB/healthcheck", "12", (int?)null, (bool?)null), (plan.Path, plan.GrpcCodes.ToString(), plan.Port, plan.IsTls));
        Assert.Equal((30, 5, 5, 2), (plan.Interval.TotalSeconds, plan.Timeout.TotalSeconds, plan.HealthyThreshold, plan.UnhealthyThreshold));
    }

    [Fact]
    public void Port_security_and_version_are_independent_of_the_calls()
    {
        var other = Plan(ProtocolVersion.Grpc, "HealthCheckProtocol=HTTPS", "HealthCheckPort=8080", "Matcher:HttpCode=200-299", "HealthCheckPath=/ready")!;
        var same = Plan(ProtocolVersion.Http2, "HealthCheckProtocol=HTTP", "HealthCheckPort=traffic-port")!;
        var fast = Plan(ProtocolVersion.Http2, "HealthCheckProtocol=GRPC_HEALTH", "HealthCheckIntervalSeconds=0.1", "HealthCheckTls=true")!;

        Assert.Equal((CheckKind.Http, 8080, true, false, "/ready"), (other.Kind, other.Port, other.IsTls, other.IsHttp2, other.Path));
        Assert.Equal((null, false, true), (same.Port, same.IsTls, same.IsHttp2));
        Assert.Equal((100, 100, true), (fast.Interval.TotalMilliseconds, fast.Timeout.TotalMilliseconds, fast.IsTls));
    }

    [Theory]
    [InlineData("HealthCheckProtocol=UDP", "UDP")]
    [InlineData("HealthCheckPort=0", "HealthCheckPort")]
    [InlineData("HealthCheckPath=healthz", "begins with '/'")]
    [InlineData("HealthCheckIntervalSeconds=0.05", "0.1 to 300")]
    [InlineData("HealthCheckTimeoutSeconds=31", "HealthCheckIntervalSeconds")]
    [InlineData("HealthyThresholdCount=11", "1 to 10")]
    [InlineData("Matcher:GrpcCode=100", "0 to 99")]
    [InlineData("Matcher:HttpCode=99", "200 to 599")]
    [InlineData("Matcher:GrpcCode=0 Matcher:HttpCode=200", "a check has one kind")]
    [InlineData("HealthCheckProtocol=TCP Matcher:HttpCode=200", "do not compare")]
    [InlineData("HealthCheckProtocol=GRPC_HEALTH HealthCheckPath=/a", "no path")]
    [InlineData("HealthCheckProtocol=HTTP HealthCheckService=a", "GRPC_HEALTH")]
    [InlineData("HealthCheckProtocol=HTTPS HealthCheckTls=false", "HealthCheckProtocol says")]
    [InlineData("Attributes:slow_start.duration_seconds=901", "1 to 900")]
    [InlineData("Attributes:deregistration_delay.timeout_seconds=3601", "0 to 3600")]
    public void What_cannot_be_is_refused_by_name_and_value(string settings, string named)
    {
        var error = Assert.Throws<ConfigurationException>(() => Read(ProtocolVersion.Grpc, settings.Split(' ')));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("TargetGroups:g:", error.Message, StringComparison.Ordinal);
    }

    private static HealthCheckPlan? Plan(ProtocolVersion version, params string[] settings) => HealthCheckPlan.Of(Read(version, settings), version);

    private static TargetGroupSettings Read(ProtocolVersion version, string[] settings)
    {
        var values = settings.Append($"ProtocolVersion={version.Name()}").Select(s => s.Split('=', 2)).ToDictionary(s => $"Balancer:TargetGroups:g:{s[0]}", string? (s) => s[1]);
        return BalancerConfiguration.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build()).TargetGroups["g"];
    }
}
