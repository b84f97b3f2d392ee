using System.Net;
using RouteGuide.Balancer.Routing.Rules;
using static RouteGuide.Tests.Balancer.Rules.Requests;

namespace RouteGuide.Tests.Balancer.Rules;

/// <summary>Which rule decides, what a rule may hold, and where redirects lead.</summary>
public sealed class RuleTests
{
    [Fact]
    public void The_lowest_priority_decides_whatever_the_order_and_the_default_action_comes_last()
    {
        var rules = new ListenerRules(
            [
                Rule(300, "late", Condition(ConditionField.PathPattern, "/a*")),
                Rule(2, "both", Condition(ConditionField.PathPattern, "/a*"), Header("x", "1")),
                Rule(10, "early", Condition(ConditionField.PathPattern, "/ab*")),
            ],
            [ForwardTo("rest")]);
        var find = Groups();
        var table = rules.Build(find, find("d"), find("h"));

        Assert.Equal("early 10", To("/abc"));
        Assert.Equal("late 300", To("/ac"));
        Assert.Equal("both 2", To("/ac", ("x", "1")));
        Assert.Equal("rest default", To("/"));
        Assert.Null(table.Only);

        string To(string path, params (string, string)[] fields)
        {
            var rule = table.Choose(new RequestView(List([(":path", path), .. fields]), IPAddress.Loopback, isGrpc: true));
            return $"{Assert.IsType<ForwardAction>(rule.Action).Groups.Single().Group.Name} {rule}";
        }
    }

    [Fact]
    public void Without_default_actions_grpc_goes_to_one_group_and_everything_else_to_another()
    {
        var find = Groups();
        var table = new ListenerRules([Rule(1, "a", Condition(ConditionField.PathPattern, "/a"))], []).Build(find, find("calls"), find("web"));

        Assert.Equal(("calls", "web"), (To(true), To(false)));
        Assert.True(table.IsUsed(find("a")) && table.IsUsed(find("web")) && !table.IsUsed(find("other")));

        string To(bool isGrpc) => Assert.IsType<ForwardAction>(table.Choose(new RequestView(List(), IPAddress.Loopback, isGrpc)).Action).Groups.Single().Group.Name;
    }

    [Fact]
    public void A_rule_has_a_limited_number_of_values_and_wildcards_and_most_fields_once()
    {
        Assert.Equal("", Problems(Rule(1, "a", Condition(ConditionField.PathPattern, "/*a*", "/*b*", "/c*"), Header("x", "1"), Header("y", "2"))));
        Assert.Contains("6 values", Problems(Rule(1, "a", Condition(ConditionField.PathPattern, "/1", "/2", "/3"), Header("x", "1", "2", "3"))), StringComparison.Ordinal);
        Assert.Contains("6 wildcards", Problems(Rule(1, "a", Condition(ConditionField.PathPattern, "/*a*?", "/*?b*"))), StringComparison.Ordinal);
        Assert.Contains("6 wildcards", Problems(Rule(1, "a", Query(("*", "*"), ("*", "*"), ("?", "?\\*")))), StringComparison.Ordinal);
        foreach (var condition in (ConditionSettings[])[Condition(ConditionField.PathPattern, "/"), Condition(ConditionField.HostHeader, "a"), Condition(ConditionField.HttpRequestMethod, "GET"), Condition(ConditionField.SourceIp, "10.0.0.0/8")])
        {
            Assert.Contains("Conditions:1:Field: '", Problems(Rule(1, "a", condition, condition)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Priorities_are_unique_and_groups_have_to_be_there()
    {
        var rules = new ListenerRules([Rule(7, "web", Condition(ConditionField.PathPattern, "/a")), Rule(7, "wbe", Condition(ConditionField.PathPattern, "/b"))], [ForwardTo("nowhere")]);

        Assert.Equal(
            [("Rules:1:Priority", "7"), ("Rules:1:Actions:0:TargetGroup", "wbe"), ("DefaultActions:0:TargetGroup", "nowhere")],
            rules.Check(["default", "web"]).Select(p => (p.Setting, p.Value!)));
    }

    [Fact]
    public void A_rule_has_one_action_with_what_its_type_asks_for()
    {
        Assert.Equal("", Problems(ForwardTo("a")));
        Assert.Contains("either TargetGroup or ForwardConfig", Problems(new ActionSettings { Type = ActionType.Forward }), StringComparison.Ordinal);
        Assert.Contains("either TargetGroup or ForwardConfig", Problems(ForwardTo("a") with { ForwardConfig = new() { TargetGroups = [new() { TargetGroup = "b" }] } }), StringComparison.Ordinal);
        Assert.Contains("RedirectConfig: ''", Problems(new ActionSettings { Type = ActionType.Redirect }), StringComparison.Ordinal);
        Assert.Contains("FixedResponseConfig: 'set'", Problems(ForwardTo("a") with { FixedResponseConfig = new() }), StringComparison.Ordinal);
        Assert.Contains("weight above 0", Problems(new ForwardConfig { TargetGroups = [new() { TargetGroup = "a", Weight = 0 }] }), StringComparison.Ordinal);
        Assert.Contains("TargetGroups:1:TargetGroup: 'A'", Problems(new ForwardConfig { TargetGroups = [new() { TargetGroup = "a" }, new() { TargetGroup = "A" }] }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTPS", "#{host}", "443", "/#{path}", "#{query}", "http", "a.com", "/x/y?q=1", "https://a.com/x/y?q=1")]
    [InlineData("HTTPS", "#{host}", "443", "/#{path}", "#{query}", "http", "a.com:8080", "/", "https://a.com/")]
    [InlineData("HTTPS", "#{host}", "8443", "/#{path}", "#{query}", "http", "a.com", "/x", "https://a.com:8443/x")]
    [InlineData("#{protocol}", "www.#{host}", "#{port}", "/#{path}", "#{query}", "https", "a.com:8443", "/x?", "https://www.a.com:8443/x")]
    [InlineData("#{protocol}", "new.com", "#{port}", "/old/#{path}", "from=#{host}&#{query}", "http", "a.com", "/x?q", "http://new.com/old/x?from=a.com&q")]
    [InlineData("#{protocol}", "b.com", "#{port}", "/#{path}", "#{query}", "http", "a.com", "/#{query}%23?secret", "http://b.com/#{query}%23?secret")]
    [InlineData("#{protocol}", "b.com", "#{port}", "/#{path}", "", "http", "[::1]:81", "/ü", "http://b.com:81/%FC")]
    public void A_redirect_leads_to_the_url_with_its_placeholders_filled(string protocol, string host, string port, string path, string query, string scheme, string authority, string target, string location)
    {
        var config = new RedirectConfig { Protocol = protocol, Host = host, Port = port, Path = path, Query = query };
        Assert.Equal("", Problems(config));

        Assert.Equal(location, config.Build().Location(scheme == "https", System.Text.Encoding.Latin1.GetBytes(authority), System.Text.Encoding.Latin1.GetBytes(target)));
    }

    [Fact]
    public void A_redirect_changes_something_and_has_only_what_a_url_may_have()
    {
        Assert.Contains("in a circle", Problems(new RedirectConfig()), StringComparison.Ordinal);
        Assert.Contains("in a circle", Problems(new RedirectConfig { Query = "a=b" }), StringComparison.Ordinal);
        Assert.Contains("Protocol: 'FTP'", Problems(new RedirectConfig { Protocol = "FTP" }), StringComparison.Ordinal);
        Assert.Contains("Port: '0'", Problems(new RedirectConfig { Port = "0" }), StringComparison.Ordinal);
        Assert.Contains("Path: 'x'", Problems(new RedirectConfig { Path = "x" }), StringComparison.Ordinal);
        Assert.Contains("no placeholder but", Problems(new RedirectConfig { Path = "/#{qurey}" }), StringComparison.Ordinal);
        Assert.Contains("Host: 'a/b'", Problems(new RedirectConfig { Host = "a/b" }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_fixed_response_has_a_status_and_type_of_the_list()
    {
        Assert.Equal("", Problems(new FixedResponseConfig { StatusCode = "503", ContentType = "application/json", MessageBody = "{}" }));
        Assert.Contains("StatusCode: '302'", Problems(new FixedResponseConfig { StatusCode = "302" }), StringComparison.Ordinal);
        Assert.Contains("StatusCode: 'OK'", Problems(new FixedResponseConfig { StatusCode = "OK" }), StringComparison.Ordinal);
        Assert.Contains("ContentType: 'image/png'", Problems(new FixedResponseConfig { StatusCode = "200", ContentType = "image/png" }), StringComparison.Ordinal);
        Assert.Contains("MessageBody: 'x'", Problems(new FixedResponseConfig { StatusCode = "204", MessageBody = "x" }), StringComparison.Ordinal);
    }
}
