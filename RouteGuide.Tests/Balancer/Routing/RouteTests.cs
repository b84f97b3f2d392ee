using System.Net;
using Microsoft.Extensions.Configuration;
using RouteGuide.Balancer;
using RouteGuide.Balancer.Configuration;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Http2.Hpack;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Tests.Balancer.Routing;

/// <summary>Target groups and rules are read whole, and requests go where they say.</summary>
public sealed class RouteTests
{
    [Fact]
    public void Without_settings_there_is_one_group_and_everything_goes_there()
    {
        var routes = Build(Read("Balancer:Targets:0=http://127.0.0.1:5001"));

        Assert.Equal(("default", ProtocolVersion.Http2), (GroupOf(routes.Only!).Name, GroupOf(routes.Only!).Version));
        Assert.Same(routes.Only, Choose(routes, "/any", isGrpc: false));
    }

    [Fact]
    public void The_first_rule_that_fits_decides_then_the_default_of_the_kind()
    {
        var routes = Build(Read(
            "Balancer:TargetGroups:web:Targets:0=http://127.0.0.1:8001",
            "Balancer:TargetGroups:Img:ProtocolVersion=http2",
            "Balancer:TargetGroups:calls:ProtocolVersion=GRPC",
            "Balancer:Rules:0:PathPattern=/img/*",
            "Balancer:Rules:0:TargetGroup=img",
            "Balancer:Rules:1:PathPattern=*/x.Service/*",
            "Balancer:Rules:1:TargetGroup=calls",
            "Balancer:DefaultHttpGroup=WEB"));

        Assert.Null(routes.Only);
        Assert.Equal("Img", To("/img/a?b=/x.Service/", false));
        Assert.Equal("Img", To("/img/x.Service/y", true));
        Assert.Equal("calls", To("/x.Service/y", true));
        Assert.Equal("default", To("/y.Service/y?/x.Service/", true));
        Assert.Equal("web", To("/", false));
        Assert.Equal(
            [("default", ProtocolVersion.Http2), ("calls", ProtocolVersion.Grpc), ("Img", ProtocolVersion.Http2), ("web", ProtocolVersion.Http1)],
            routes.Groups.Select(g => (g.Name, g.Version)));

        string To(string path, bool isGrpc) => GroupOf(Choose(routes, path, isGrpc)).Name;
    }

    [Theory]
    [InlineData("HTTP1", "h1", null)]
    [InlineData("HTTP1", "h2", null)]
    [InlineData("HTTP1", "h2 POST", null)]
    [InlineData("HTTP1", "gRPC", "cannot carry gRPC")]
    [InlineData("HTTP2", "h1", "HTTP/2 requests alone")]
    [InlineData("HTTP2", "h2", null)]
    [InlineData("HTTP2", "h2 POST", null)]
    [InlineData("HTTP2", "gRPC", null)]
    [InlineData("GRPC", "h1", "HTTP/2 requests alone")]
    [InlineData("GRPC", "h2", "POST requests alone")]
    [InlineData("GRPC", "h2 POST", null)]
    [InlineData("GRPC", "gRPC", null)]
    public void What_a_group_takes_depends_on_its_protocol_version(string version, string request, string? refusal)
    {
        var parsed = Enum.GetValues<ProtocolVersion>().Single(v => v.Name() == version);

        var reason = new TargetGroup("web", parsed, 0).WhyNot(request != "h1", request == "gRPC", request is "gRPC" or "h2 POST");

        if (refusal is null)
        {
            Assert.Null(reason);
            return;
        }

        Assert.Contains($"'web' has protocol version {version}", reason, StringComparison.Ordinal);
        Assert.Contains(refusal, reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Balancer:TargetGroups:web:ProtocolVersion=HTTP/3", "Balancer:TargetGroups:web:ProtocolVersion", "HTTP/3")]
    [InlineData("Balancer:TargetGroups:web:ProtocolVerson=HTTP2", "Balancer:TargetGroups:web:ProtocolVerson", "ProtocolVersion")]
    [InlineData("Balancer:TargetGroups:my web:ProtocolVersion=HTTP2", "Balancer:TargetGroups:my web", "letters")]
    [InlineData("Balancer:TargetGroups:web:Targets:0=127.0.0.1:1", "Balancer:TargetGroups:web:Targets:0", "127.0.0.1:1")]
    [InlineData("Balancer:TargetGroups:default:ProtocolVersion=HTTP1", "Balancer:TargetGroups:default:ProtocolVersion", "HTTP1")]
    [InlineData("Balancer:DefaultHttpGroup=web", "Balancer:DefaultHttpGroup", "'web'")]
    [InlineData("Balancer:Rules:0:PathPattern=api", "Balancer:Rules:0:PathPattern", "'api'")]
    [InlineData("Balancer:Rules:0:PathPattern=/api", "Balancer:Rules:0:TargetGroup", "is missing")]
    [InlineData("Balancer:Rules:0:PathPattern=/api,Balancer:Rules:0:TargetGroup=web", "Balancer:Rules:0:TargetGroup", "'web' is not the name of a target group, one of: default")]
    [InlineData("Balancer:Rules:0:Path=/api", "Balancer:Rules:0:Path", "PathPattern")]
    public void A_bad_setting_is_named_with_its_value(string setting, string name, string value)
    {
        var error = Assert.Throws<ConfigurationException>(() => Read(setting.Split(',')));

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(value, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_default_groups_targets_stand_in_one_place()
    {
        var error = Assert.Throws<ConfigurationException>(() => Read("Balancer:Targets:0=http://127.0.0.1:1", "Balancer:TargetGroups:default:Targets:0=http://127.0.0.1:2"));

        Assert.Contains("Balancer:TargetGroups:default:Targets", error.Message, StringComparison.Ordinal);
        Assert.Equal("127.0.0.1:2", Read("Balancer:TargetGroups:default:Targets:0=http://127.0.0.1:2").Groups[0].Targets.Single().Authority);
    }

    private static TargetGroup GroupOf(Rule rule) => Assert.Single(Assert.IsType<ForwardAction>(rule.Action).Groups).Group;

    private static Rule Choose(RouteTable routes, string path, bool isGrpc)
    {
        var headers = new HeaderList();
        headers.Add(new HeaderEntry(":path", path));
        return routes.Choose(new RequestView(headers, IPAddress.Loopback, isGrpc));
    }

    private static RouteTable Build(RouteSettings settings)
    {
        var groups = settings.Groups.Select((g, i) => new TargetGroup(g.Name, g.Version, i)).ToList();
        return settings.Build(new ListenerSettings(ListenerKind.Front, "http", "localhost", 1), name => groups.First(g => g.Name == name));
    }

    private static RouteSettings Read(params string[] settings) =>
        RouteSettings.From(BalancerConfiguration.Read(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => s.Split('=', 2)).Select(s => KeyValuePair.Create(s[0], (string?)s[1]))).Build()));
}
