using System.Net;
using System.Text.Json;
using RouteGuide.Balancer.Balancing;
using RouteGuide.ServiceDefaults;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Telemetry;

/// <summary>The admin port shows what is going on, to people on this machine and to nobody else.</summary>
public sealed class AdminTests
{
    [Fact]
    public async Task The_status_says_what_there_is_and_why_the_last_pick_was_made()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "ADMIN_PORT=0", "REGISTRY_PORT=0", "Balancer:Rules:0:PathPattern=/a/*", "Balancer:Rules:0:TargetGroup=default");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);
        for (var i = 0; i < 3; i++) await (await client.OpenAsync(Wire.Request(balancer.Plaintext), end: true)).Ended();
        await Eventually.Until(() => balancer.Seen.Book.Sum(l => l.ByEnd[0]) == 3, "the calls have ended");

        using var http = new HttpClient();
        using var status = JsonDocument.Parse(await http.GetStringAsync(new Uri(balancer.Admin, "/status.json")));

        var root = status.RootElement;
        Assert.Equal((1, 3), (root.GetProperty("connections").GetProperty("active").GetInt32(), root.GetProperty("calls").GetProperty("completed").GetInt32()));
        Assert.Equal(["admin", "front", "front", "registry"], root.GetProperty("listeners").EnumerateArray().Select(l => l.GetProperty("kind").GetString()).Order());
        Assert.Contains("/a/*", root.GetProperty("rules")[0].GetProperty("conditions").GetString(), StringComparison.Ordinal);
        var group = Assert.Single(root.GetProperty("groups").EnumerateArray());
        Assert.Equal(("default", "HTTP2", "round_robin", 1, 1), (group.GetProperty("name").GetString(), group.GetProperty("protocol_version").GetString(), group.GetProperty("algorithm").GetString(), group.GetProperty("registered").GetInt32(), group.GetProperty("available").GetInt32()));
        var shown = Assert.Single(group.GetProperty("targets").EnumerateArray());
        Assert.Equal((target.Url.Authority, 3, 0, 1.0), (shown.GetProperty("name").GetString(), shown.GetProperty("picks").GetInt32(), shown.GetProperty("in_flight").GetInt32(), shown.GetProperty("expected_share").GetDouble()));
        Assert.True(shown.GetProperty("calls_per_second").GetDouble() > 0);
        Assert.InRange(shown.GetProperty("p99_ms").GetDouble(), shown.GetProperty("p50_ms").GetDouble(), 60_000);
        Assert.Equal(target.Url.Authority, group.GetProperty("last_pick").GetProperty("target").GetString());
        Assert.Equal(AlgorithmNames.All, root.GetProperty("algorithms").EnumerateArray().Select(a => a.GetString()));
    }

    [Theory]
    [InlineData("/", "text/html; charset=utf-8", "status.js")]
    [InlineData("/status.js", "text/javascript; charset=utf-8", "textContent")]
    [InlineData("/status.css", "text/css; charset=utf-8", "light-dark")]
    [InlineData("/health", "text/plain; charset=utf-8", "Healthy")]
    public async Task It_serves_a_page_that_needs_nothing_from_elsewhere(string path, string type, string content)
    {
        await using var balancer = await BalancerUnderTest.StartWith([], "Balancer:Admin:Url=http://127.0.0.1:0");
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri(balancer.Admin, path));

        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal((HttpStatusCode.OK, type), (response.StatusCode, response.Content.Headers.ContentType!.ToString()));
        Assert.Contains(content, text, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", text, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", text, StringComparison.Ordinal);
        Assert.DoesNotContain("innerHTML", text, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("127.0.0.1.evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("192.168.0.1", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("localhost:1", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    public async Task It_answers_for_this_machine_alone(string host, HttpStatusCode expected)
    {
        await using var balancer = await BalancerUnderTest.StartWith([], "ADMIN_PORT=0");
        using var http = new HttpClient();
        foreach (var path in (string[])["/", "/status.json", "/metrics"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(balancer.Admin, path)) { Headers = { Host = host } };
            using var response = await http.SendAsync(request);
            Assert.Equal(expected, response.StatusCode);
        }
    }

    [Fact]
    public async Task It_can_only_be_read()
    {
        await using var balancer = await BalancerUnderTest.StartWith([], "ADMIN_PORT=0");
        using var http = new HttpClient();
        using var post = await http.PostAsync(new Uri(balancer.Admin, "/status.json"), new StringContent("x"));
        using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, new Uri(balancer.Admin, "/metrics")));
        using var nothing = await http.GetAsync(new Uri(balancer.Admin, "/routeguide.registry.v1.Registry/ListTargets"));

        Assert.Equal((HttpStatusCode.MethodNotAllowed, HttpStatusCode.OK, HttpStatusCode.NotFound), (post.StatusCode, head.StatusCode, nothing.StatusCode));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Neither_the_fronts_nor_the_registry_lead_there_nor_it_to_the_registry()
    {
        await using var balancer = await BalancerUnderTest.StartWith([], "ADMIN_PORT=0", "REGISTRY_PORT=0", "REGISTRY_KEY=secret");
        foreach (var path in (string[])["/", "/status.json", "/metrics"])
        {
            foreach (var front in (Uri[])[balancer.Plaintext, balancer.Tls, balancer.Registry])
            {
                await using var client = await RawHttp2Connection.ConnectAsync(front);
                var call = await client.OpenAsync([(":method", "GET"), (":scheme", front.Scheme), (":path", path), (":authority", "localhost")], end: true);
                await call.Ended();
                Assert.Equal(front == balancer.Registry ? "401" : "503", call.HttpStatus);
            }
        }
    }

    [Theory]
    [InlineData("Balancer:Admin:Url=https://127.0.0.1:0")]
    [InlineData("Balancer:Admin:Url=http://0.0.0.0:0")]
    [InlineData("Balancer:Admin:Url=http://*:0")]
    [InlineData("Balancer:Admin:Url=nonsense")]
    [InlineData("ADMIN_PORT=65536")]
    public async Task It_is_not_opened_to_others(string setting)
    {
        var e = await Assert.ThrowsAsync<ConfigurationException>(() => BalancerUnderTest.StartWith([], setting));
        Assert.Contains(setting.Split('=')[0], e.Message, StringComparison.Ordinal);
        Assert.Contains(setting.Split('=')[1].TrimEnd('0').TrimEnd(':'), e.Message, StringComparison.Ordinal);
    }
}
