using System.Net;
using Microsoft.AspNetCore.Http;
using RouteGuide.Tests.Balancer.Http1;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Rules;

/// <summary>Rules at a listener: the same for HTTP/1.1, HTTP/2 and gRPC, each answered in its language.</summary>
public sealed class FrontTests
{
    private static readonly string[] Rules =
    [
        "Rules:0:Priority=10", "Rules:0:Conditions:0:Field=path-pattern", "Rules:0:Conditions:0:Values:0=/old/*",
        "Rules:0:Actions:0:Type=redirect", "Rules:0:Actions:0:RedirectConfig:Path=/new/#{path}", "Rules:0:Actions:0:RedirectConfig:StatusCode=HTTP_301",
        "Rules:1:Priority=20", "Rules:1:Conditions:0:Field=http-header", "Rules:1:Conditions:0:HttpHeaderConfig:HttpHeaderName=X-Maintenance", "Rules:1:Conditions:0:HttpHeaderConfig:Values:0=on*",
        "Rules:1:Actions:0:Type=fixed-response", "Rules:1:Actions:0:FixedResponseConfig:StatusCode=503", "Rules:1:Actions:0:FixedResponseConfig:MessageBody=back at five",
        "Rules:2:Priority=30", "Rules:2:Conditions:0:Field=path-pattern", "Rules:2:Conditions:0:Values:0=/test.Service/*",
        "Rules:2:Actions:0:Type=forward", "Rules:2:Actions:0:TargetGroup=default",
        "DefaultActions:0:Type=forward", "DefaultActions:0:TargetGroup=web",
    ];

    [Fact]
    public async Task A_listener_carries_grpc_and_http_side_by_side_and_both_protocols_get_the_same_rule()
    {
        await using var calls = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var web = await Web.Target(context => context.Response.WriteAsync("page"));
        await using var balancer = await Start(calls, web);
        await using var h1 = await Http1Client.Connect(balancer.Named("main"));

        Assert.Equal((200, "page"), Shown(await h1.Get("/page")));
        Assert.Equal((200, "page"), await Get(balancer, "/page"));
        Assert.Equal((503, "back at five"), Shown(await h1.Get("/page", fields: "x-maintenance: ON now\r\n")));
        Assert.Equal((503, "back at five"), await Get(balancer, "/page", ("x-maintenance", "ON now")));
        Assert.Equal("0", (await Call(balancer, "/test.Service/Call")).Status);
        Assert.Equal((1, 2), (calls.Calls, web.Calls));
    }

    [Fact]
    public async Task A_redirect_leads_elsewhere_in_both_protocols()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await Start(target, target);
        await using var h1 = await Http1Client.Connect(balancer.Named("main"));

        var response = await h1.Get("/old/a?b=c");
        Assert.Equal((301, "http://localhost/new/old/a?b=c", "0"), (response.Status, response.Field("Location"), response.Field("Content-Length")));
        await using var h2 = await RawHttp2Connection.ConnectAsync(balancer.Named("main"));
        var stream = await h2.OpenAsync([(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/old/a?b=c")], end: true);
        await stream.Ended();
        Assert.Equal(("301", "http://localhost/new/old/a?b=c"), (stream.HttpStatus, stream.Header("location")));
    }

    [Fact]
    public async Task A_head_request_gets_the_head_of_a_fixed_response()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await Start(target, target);
        await using var h1 = await Http1Client.Connect(balancer.Named("main"));

        var response = await h1.Get("/x", "HEAD", "x-maintenance: on\r\n");

        Assert.Equal((503, "12"), (response.Status, response.Field("Content-Length")));
        Assert.Equal(503, (await h1.Get("/x", fields: "x-maintenance: on\r\n")).Status);
    }

    [Fact]
    public async Task A_grpc_client_can_read_what_a_rule_answers()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await Start(target, target);

        // Three times: from the second on the header block is known, from the third on it is not decoded.
        for (var i = 0; i < 3; i++) Assert.Equal(("14", "back at five"), await Call(balancer, "/test.Service/Call", ("x-maintenance", "on")));
        var (status, message) = await Call(balancer, "/old/Call");
        Assert.Equal("2", status);
        Assert.Contains("/new/old/Call", message, StringComparison.Ordinal);
        Assert.Equal(0, target.Calls);
    }

    [Fact]
    public async Task Rules_are_read_whole_and_a_mistake_is_named()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var balancer = await BalancerUnderTest.StartWith([], "Balancer:Listeners:main:Url=http://127.0.0.1:0", "Balancer:Listeners:main:DefaultActions:0:Type=forward", "Balancer:Listeners:main:DefaultActions:0:TargetGroup=nowhere");
        });

        Assert.Contains("Balancer:Listeners:main:DefaultActions:0:TargetGroup: 'nowhere'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_are_drawn_by_weight_and_a_weight_of_0_gets_none()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var c = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await Weighted(a, b, c, "3", "1", "0");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Named("main"));

        const int Calls = 600;
        for (var i = 0; i < Calls; i++) Assert.Equal("0", (await Call(client, balancer, [])).Status);

        // Binomial: 450 ± 10.6; six times that is wrong once in a billion runs.
        Assert.InRange(a.Calls, 450 - 64, 450 + 64);
        Assert.Equal((Calls, 0), (a.Calls + b.Calls, c.Calls));
    }

    [Fact]
    public async Task An_empty_group_of_several_gets_its_share_of_calls_and_they_fail()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([a.Url], Listener("DefaultActions:0:Type=forward", "DefaultActions:0:ForwardConfig:TargetGroups:0:TargetGroup=default", "DefaultActions:0:ForwardConfig:TargetGroups:1:TargetGroup=empty", "DefaultActions:0:ForwardConfig:TargetGroups:1:Weight=999"));
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Named("main"));

        var statuses = new List<string>();
        for (var i = 0; i < 10; i++) statuses.Add((await Call(client, balancer, [])).Status);

        Assert.Contains("14", statuses);
    }

    /// <summary>Settings of a listener with the name main, and of an empty group.</summary>
    internal static string[] Listener(params IEnumerable<string> settings) =>
        ["Balancer:Listeners:main:Url=http://127.0.0.1:0", "Balancer:TargetGroups:empty:ProtocolVersion=HTTP2", .. settings.Select(s => $"Balancer:Listeners:main:{s}")];

    /// <summary>A balancer whose listener draws among three groups.</summary>
    internal static Task<BalancerUnderTest> Weighted(KestrelTarget a, KestrelTarget b, KestrelTarget c, string ofA, string ofB, string ofC, params string[] more) => BalancerUnderTest.StartWith(
        [],
        [
            .. Listener([
                "DefaultActions:0:Type=forward",
                .. new[] { ("a", ofA), ("b", ofB), ("c", ofC) }.SelectMany((g, i) => new[] { $"DefaultActions:0:ForwardConfig:TargetGroups:{i}:TargetGroup={g.Item1}", $"DefaultActions:0:ForwardConfig:TargetGroups:{i}:Weight={g.Item2}" }),
                .. more,
            ]),
            .. new[] { ("a", a), ("b", b), ("c", c) }.SelectMany(g => new[] { $"Balancer:TargetGroups:{g.Item1}:ProtocolVersion=HTTP2", $"Balancer:TargetGroups:{g.Item1}:Targets:0=http://{g.Item2.Url.Authority}" }),
        ]);

    /// <summary>One call; its status and message.</summary>
    internal static async Task<(string Status, string Message, IReadOnlyList<string> Cookies)> Call(RawHttp2Connection client, BalancerUnderTest balancer, (string, string)[] fields, string path = "/test.Service/Call")
    {
        var stream = await client.OpenAsync(Wire.Request(balancer.Named("main"), path, fields), end: true);
        await stream.Ended();
        return (stream.GrpcStatus!, stream.GrpcMessage ?? "", [.. stream.Headers.Where(h => h.Name == "set-cookie").Select(h => h.Value)]);
    }

    private static async Task<(string Status, string Message)> Call(BalancerUnderTest balancer, string path, params (string, string)[] fields)
    {
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Named("main"));
        var (status, message, _) = await Call(client, balancer, fields, path);
        return (status, message);
    }

    private static async Task<(int Status, string Body)> Get(BalancerUnderTest balancer, string path, params (string Name, string Value)[] fields)
    {
        using var client = BalancerUnderTest.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(balancer.Named("main"), path)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        foreach (var (name, value) in fields) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request, CancellationToken.None);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static (int, string) Shown(Http1Response response) => (response.Status, response.Text);

    private static Task<BalancerUnderTest> Start(KestrelTarget calls, KestrelTarget web) => BalancerUnderTest.StartWith(
        [calls.Url], ["Balancer:TargetGroups:web:ProtocolVersion=HTTP1", $"Balancer:TargetGroups:web:Targets:0=http://{web.Url.Authority}", .. Listener(Rules)]);
}
