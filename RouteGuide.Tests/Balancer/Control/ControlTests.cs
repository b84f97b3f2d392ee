using System.Net;
using System.Text;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using RouteGuide.Registry.V1;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Control;

/// <summary>Changes by hand on the admin listener, as a dashboard makes them.</summary>
public sealed class ControlTests
{
    private const string Key = "s3cret-admin-key";

    [Fact]
    public async Task A_target_of_the_settings_is_deregistered_and_brought_back()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await Start(a.Url, b.Url);
        using var client = BalancerUnderTest.Client();
        using var http = new HttpClient();

        var gone = await Change(http, balancer, HttpMethod.Post, $"targets/{a.Url.Authority}/deregister");
        for (var i = 0; i < 6; i++) Assert.Equal("0", await Call(balancer, client));
        Assert.Equal((0, 6), (a.Calls, b.Calls));
        Assert.Equal(a.Url.Authority, gone.GetProperty("target").GetString());
        await Eventually.Until(async () => Names((await Group(http, balancer)).GetProperty("deregistered")).SequenceEqual([a.Url.Authority]), "it is shown as deregistered");
        // Who asks twice gets the same answer.
        Assert.Equal("unused", (await Change(http, balancer, HttpMethod.Post, $"targets/{a.Url.Authority}/deregister")).GetProperty("state").GetString());

        // A slash within a segment is escaped.
        var back = await Change(http, balancer, HttpMethod.Post, $"targets/{Uri.EscapeDataString($"http://{a.Url.Authority}")}/register");
        for (var i = 0; i < 6; i++) Assert.Equal("0", await Call(balancer, client));
        Assert.Equal((3, 9), (a.Calls, b.Calls));
        Assert.Equal(("unavailable", 1), (back.GetProperty("state").GetString(), back.GetProperty("weight").GetInt32()));
        Assert.Empty(Names((await Group(http, balancer)).GetProperty("deregistered")));
    }

    [Fact]
    public async Task A_replica_that_is_deregistered_keeps_its_lease_and_comes_back_under_it()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await Start();
        using var client = BalancerUnderTest.Client();
        using var http = new HttpClient();
        using var channel = GrpcChannel.ForAddress(balancer.Registry);
        using var lease = new RouteGuide.Registry.V1.Registry.RegistryClient(channel).Lease(new Metadata { { "authorization", "Bearer r" } });
        await lease.RequestStream.WriteAsync(new LeaseRequest { Registration = new Registration { Replica = "server-a", Address = $"http://{target.Url.Authority}", Weight = 3 } });
        Assert.True(await lease.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal("0", await Call(balancer, client));

        await Change(http, balancer, HttpMethod.Post, "targets/server-a/deregister");
        Assert.Equal("14", await Call(balancer, client));
        await Eventually.Until(async () => Names((await Group(http, balancer)).GetProperty("deregistered")).SequenceEqual(["server-a"]), "it is shown as deregistered");
        var back = await Change(http, balancer, HttpMethod.Post, "targets/server-a/register");
        Assert.Equal(("server-a", 3), (back.GetProperty("target").GetString(), back.GetProperty("weight").GetInt32()));
        Assert.Equal("0", await Call(balancer, client));

        // The lease still says when the replica is gone, also when it is out.
        await Change(http, balancer, HttpMethod.Post, "targets/server-a/deregister");
        await lease.RequestStream.CompleteAsync();
        Assert.False(await lease.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(StatusCode.OK, lease.GetStatus().StatusCode);
        using var late = await Send(http, balancer, HttpMethod.Post, "/control/groups/default/targets/server-a/register");
        Assert.Equal(HttpStatusCode.NotFound, late.StatusCode);
    }

    [Fact]
    public async Task Weights_and_algorithms_change_what_the_next_calls_do_and_are_kept_as_events()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await Start(a.Url, b.Url);
        using var client = BalancerUnderTest.Client();
        using var http = new HttpClient();
        var before = (await Status(http, balancer)).GetProperty("last_event").GetInt64();

        var answer = await Change(http, balancer, HttpMethod.Put, $"targets/{a.Url.Authority}/weight", """{"weight":3}""");
        for (var i = 0; i < 8; i++) Assert.Equal("0", await Call(balancer, client));
        Assert.Equal((6, 2), (a.Calls, b.Calls));
        Assert.Equal(3, answer.GetProperty("weight").GetInt32());
        answer = await Change(http, balancer, HttpMethod.Put, "algorithm", """{"algorithm":"least_outstanding_requests"}""");
        Assert.Equal("least_outstanding_requests", answer.GetProperty("algorithm").GetString());
        Assert.Equal("least_outstanding_requests", (await Group(http, balancer)).GetProperty("algorithm").GetString());
        Assert.Equal("0", await Call(balancer, client));

        var status = await Status(http, balancer, $"?after={before}");
        var events = status.GetProperty("events").EnumerateArray().ToList();
        Assert.Equal(["weight 1 3", "algorithm round_robin least_outstanding_requests"], events.Select(e => $"{e.GetProperty("kind").GetString()} {e.GetProperty("from").GetString()} {e.GetProperty("to").GetString()}"));
        Assert.Equal((a.Url.Authority, "default", before + 1), (events[0].GetProperty("target").GetString(), events[0].GetProperty("group").GetString(), events[0].GetProperty("id").GetInt64()));
        Assert.Contains("127.0.0.1", events[1].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(events[1].GetProperty("id").GetInt64(), status.GetProperty("last_event").GetInt64());
        Assert.Empty((await Status(http, balancer, $"?after={status.GetProperty("last_event").GetInt64()}")).GetProperty("events").EnumerateArray());
    }

    [Theory]
    [InlineData("POST", "/control/groups/web/targets/a/deregister", "", HttpStatusCode.NotFound, "'web'")]
    [InlineData("POST", "/control/groups/default/targets/10.0.0.1:80/deregister", "", HttpStatusCode.NotFound, "'10.0.0.1:80'")]
    [InlineData("POST", "/control/groups/default/targets/a.example:80/register", "", HttpStatusCode.NotFound, "'a.example:80'")]
    [InlineData("GET", "/control/groups/default/targets/a/register", "", HttpStatusCode.MethodNotAllowed, "GET")]
    [InlineData("POST", "/control/groups/default", "", HttpStatusCode.NotFound, "/control/groups/default")]
    [InlineData("PUT", "/control/groups/default/targets/127.0.0.1:9/weight", """{"weight":0}""", HttpStatusCode.BadRequest, "0 is not 1 to 999")]
    [InlineData("PUT", "/control/groups/default/targets/127.0.0.1:9/weight", """{"weight":1.5}""", HttpStatusCode.BadRequest, "1.5")]
    [InlineData("PUT", "/control/groups/default/targets/127.0.0.1:9/weight", """{"weight":"3"}""", HttpStatusCode.BadRequest, "string")]
    [InlineData("PUT", "/control/groups/default/targets/127.0.0.1:9/weight", """{"wieght":3}""", HttpStatusCode.BadRequest, "'wieght'")]
    [InlineData("PUT", "/control/groups/default/targets/127.0.0.1:9/weight", """[3]""", HttpStatusCode.BadRequest, "array")]
    [InlineData("PUT", "/control/groups/default/targets/127.0.0.1:9/weight", "", HttpStatusCode.BadRequest, "no JSON")]
    [InlineData("PUT", "/control/groups/default/algorithm", """{"algorithm":"fastest"}""", HttpStatusCode.BadRequest, "'fastest'")]
    public async Task What_cannot_be_done_is_said_with_its_name_and_value(string method, string path, string body, HttpStatusCode expected, string named)
    {
        await using var balancer = await Start(new Uri("http://127.0.0.1:9"));
        using var http = new HttpClient();
        using var response = await Send(http, balancer, new HttpMethod(method), path, body);

        var problem = await Problem(response);
        Assert.Equal((expected, (int)expected), (response.StatusCode, problem.GetProperty("status").GetInt32()));
        Assert.Contains(named, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        if (expected == HttpStatusCode.MethodNotAllowed) Assert.Equal("POST", Assert.Single(response.Content.Headers.Allow));
    }

    [Fact]
    public async Task Only_who_shows_the_key_and_is_no_page_of_another_site_may_change_anything()
    {
        await using var balancer = await Start(new Uri("http://127.0.0.1:9"));
        await using var keyless = await BalancerUnderTest.StartWith([], "ADMIN_PORT=0");
        using var http = new HttpClient();
        const string Path = "/control/groups/default/targets/127.0.0.1:9/deregister";
        (string? Key, (string, string)[] Headers, HttpStatusCode Expected)[] cases =
        [
            (null, [], HttpStatusCode.Unauthorized),
            (Key + "x", [], HttpStatusCode.Unauthorized),
            (Key, [("Host", "evil.example")], HttpStatusCode.MisdirectedRequest),
            (Key, [("Origin", "https://evil.example")], HttpStatusCode.Forbidden),
            (Key, [("Origin", "null")], HttpStatusCode.Forbidden),
            (Key, [("Sec-Fetch-Site", "cross-site")], HttpStatusCode.Forbidden),
            (Key, [("Sec-Fetch-Site", "same-site")], HttpStatusCode.Forbidden),
        ];
        foreach (var (key, headers, expected) in cases)
        {
            using var refused = await Send(http, balancer, HttpMethod.Post, Path, "", key, headers);
            Assert.Equal(expected, refused.StatusCode);
            Assert.Equal((int)expected, (await Problem(refused)).GetProperty("status").GetInt32());
        }

        Assert.Single(balancer.Targets.Current.Routable.ToArray());
        using var nobody = await Send(http, keyless, HttpMethod.Post, Path);
        Assert.Equal(HttpStatusCode.Forbidden, nobody.StatusCode);
        Assert.Contains("ADMIN_KEY", (await Problem(nobody)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        using var own = await Send(http, balancer, HttpMethod.Post, Path, "", Key, ("Origin", balancer.Admin.GetLeftPart(UriPartial.Authority)), ("Sec-Fetch-Site", "same-origin"));
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Fact]
    public async Task Bodies_are_JSON_and_short()
    {
        await using var balancer = await Start();
        using var http = new HttpClient();
        var uri = new Uri(balancer.Admin, "/control/groups/default/algorithm");
        foreach (var (content, expected) in new (HttpContent, HttpStatusCode)[]
        {
            (new StringContent("""{"algorithm":"round_robin"}""", Encoding.UTF8, "text/plain"), HttpStatusCode.UnsupportedMediaType),
            (new StringContent("{\"algorithm\":\"" + new string('x', 5_000) + "\"}", Encoding.UTF8, "application/json"), HttpStatusCode.RequestEntityTooLarge),
        })
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, uri) { Content = content };
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Key}");
            using var response = await http.SendAsync(request);
            Assert.Equal(expected, response.StatusCode);
        }
    }

    private static Task<BalancerUnderTest> Start(params Uri[] targets) => BalancerUnderTest.StartWith(targets, "ADMIN_PORT=0", $"ADMIN_KEY={Key}", "REGISTRY_PORT=0", "REGISTRY_KEY=r");

    private static IEnumerable<string> Names(JsonElement targets) => targets.EnumerateArray().Select(t => t.GetProperty("name").GetString()!);

    private static async Task<JsonElement> Group(HttpClient http, BalancerUnderTest balancer) => (await Status(http, balancer)).GetProperty("groups")[0];

    private static async Task<JsonElement> Status(HttpClient http, BalancerUnderTest balancer, string query = "")
    {
        using var document = JsonDocument.Parse(await http.GetStringAsync(new Uri(balancer.Admin, "/status.json" + query)));
        return document.RootElement.Clone();
    }

    private static async Task<JsonElement> Change(HttpClient http, BalancerUnderTest balancer, HttpMethod method, string path, string body = "")
    {
        using var response = await Send(http, balancer, method, "/control/groups/default/" + path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{response.StatusCode}: {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private static async Task<JsonElement> Problem(HttpResponseMessage response)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return document.RootElement.Clone();
    }

    private static Task<HttpResponseMessage> Send(HttpClient http, BalancerUnderTest balancer, HttpMethod method, string path, string body = "", string? key = Key, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, new Uri(balancer.Admin, path));
        if (method == HttpMethod.Put) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (key is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return http.SendAsync(request);
    }

    private static async Task<string?> Call(BalancerUnderTest balancer, HttpMessageInvoker client)
    {
        using var response = await client.SendAsync(balancer.Request(), CancellationToken.None);
        await response.Content.ReadAsByteArrayAsync();
        return (response.Headers.TryGetValues("grpc-status", out var early) ? early : response.TrailingHeaders.GetValues("grpc-status")).Single();
    }
}
