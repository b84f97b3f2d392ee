extern alias dashboard;

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using dashboard::RouteGuide.Dashboard.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Dashboard;

/// <summary>The pages about the balancer and the service, with a service in this process in the balancer's place.</summary>
public sealed class BalancerPageTests : IAsyncLifetime
{
    private const string AdminKey = "the balancer's key";
    private const string Status = """
        {"time":"2026-01-02T03:04:05Z","started":"2026-01-02T03:00:00Z","connections":{"active":1,"total":2,"rejected":0},"calls":{"completed":7,"UF":1},"listeners":[],"rules":[],
         "groups":[{"name":"default","protocol_version":"GRPC","algorithm":"round_robin","registered":1,"available":1,"fail_open":false,"retries":0,"targets":[
           {"name":"server-a","address":"127.0.0.1:1","leased":true,"state":"healthy","weight":1,"weight_factor":1,"expected_share":1,"in_flight":0,"picks":7,"failures":0,"calls_per_second":1.5,"p50_ms":2,"p99_ms":null}],
           "calls_per_second":1.5,"p50_ms":2,"p99_ms":null,"last_pick":null}],
         "algorithms":["round_robin","made_up"],"last_event":2,"events":[{"id":1,"time":"2026-01-02T03:04:00Z","kind":"register","group":"default","target":"server-a","from":null,"to":"initial","reason":null},
           {"id":2,"time":"2026-01-02T03:04:01Z","kind":"ejection","group":"default","target":"server-a","from":"healthy","to":"ejected","reason":"5 errors in a row"}]}
        """;

    private readonly ConcurrentQueue<(string Request, string Authorization, string Body)> _changes = new();
    private WebApplication _admin = null!;
    private string _adminAddress = "";
    private RunningServer _server = null!;
    private RunningDashboard _dashboard = null!;
    private HttpClient _browser = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _admin = builder.Build();
        _admin.MapGet("/status.json", () => Results.Text(Status, "application/json"));
        _admin.Map("/control/{**rest}", async (HttpContext context) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            _changes.Enqueue(($"{context.Request.Method} {context.Request.Path}", context.Request.Headers.Authorization.ToString(), await reader.ReadToEndAsync()));
            return context.Request.Path.Value!.Contains("nobody", StringComparison.Ordinal) ? Results.Problem("there is no target 'nobody'", statusCode: 404) : Results.Ok();
        });
        _admin.MapGet("/traceparent", (HttpContext context) => context.Request.Headers.TraceParent.ToString());
        await _admin.StartAsync();
        var admin = _adminAddress = _admin.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        _server = await RunningServer.Start();
        _dashboard = await RunningDashboard.Start($"--Dashboard:Balancer:AdminUrl={admin}", $"--Dashboard:Balancer:AdminKey={AdminKey}", $"--Dashboard:Balancer:Url={_server.Address}", $"--Dashboard:Balancer:TcpUrl={_server.Address}");
        _browser = await _dashboard.LoggedIn();
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _dashboard.DisposeAsync();
        await _server.DisposeAsync();
        await _admin.StopAsync();
        await _admin.DisposeAsync();
    }

    [Fact]
    public async Task Who_watches_gets_the_status_again_and_again()
    {
        await using var stream = await EventStream.Open(_browser, "topics=balancer");
        var first = await stream.Until("balancer", data => data["available"]!.GetValue<bool>());
        var group = first["status"]!["groups"]![0]!;
        Assert.Equal("GRPC", group["protocolVersion"]!.GetValue<string>());
        var target = group["targets"]![0]!;
        Assert.Equal(1.5, target["callsPerSecond"]!.GetValue<double>());
        Assert.Null(target["p99Ms"]);
        Assert.Empty(group["deregistered"]!.AsArray());
        Assert.Equal(["registered", "ejected"], first["marks"]!.AsArray().Select(mark => mark!["kind"]!.GetValue<string>()));
        Assert.True(first["controllable"]!.GetValue<bool>());
        var second = await stream.Until("balancer", _ => true);
        Assert.Equal(0, second["status"]!["groups"]![0]!["targets"]![0]!["picksDelta"]!.GetValue<int>());
    }

    [Fact]
    public async Task The_balancer_says_which_algorithms_there_are() =>
        Assert.Equal(["round_robin", "made_up"], (await _browser.GetFromJsonAsync<string[]>("/api/balancer/algorithms"))!);

    [Fact]
    public async Task Changes_are_passed_on_with_the_key()
    {
        using var drained = await _browser.PostAsync("/api/balancer/groups/default/targets/server-a/deregister", null);
        using var weighed = await _browser.PutAsJsonAsync("/api/balancer/groups/default/targets/server-a/weight", new { weight = 5 });
        using var chosen = await _browser.PutAsJsonAsync("/api/balancer/groups/default/algorithm", new { algorithm = "peak_ewma" });
        Assert.All([drained, weighed, chosen], answer => Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode));
        Assert.Equal(
            [("POST /control/groups/default/targets/server-a/deregister", ""), ("PUT /control/groups/default/targets/server-a/weight", """{"weight":5}"""), ("PUT /control/groups/default/algorithm", """{"algorithm":"peak_ewma"}""")],
            _changes.Select(change => (change.Request, change.Body)));
        Assert.All(_changes, change => Assert.Equal($"Bearer {AdminKey}", change.Authorization));

        using var refused = await _browser.PostAsync("/api/balancer/groups/default/targets/nobody/register", null);
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Equal("there is no target 'nobody'", (await refused.Content.ReadFromJsonAsync<JsonObject>())!["detail"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("request")]
    [InlineData("tcp")]
    public async Task A_burst_goes_over_one_connection(string mode)
    {
        using var answer = await _browser.PostAsJsonAsync("/api/balancer/burst", new { calls = 200, mode });
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToArray();
        Assert.Equal(Enumerable.Range(1, 200), lines.Where(line => line["type"]!.GetValue<string>() == "calls").SelectMany(line => line["calls"]!.AsArray()).Select(call => call!["n"]!.GetValue<int>()).Order());
        var done = lines[^1];
        Assert.Equal(0, done["failed"]!.GetValue<int>());
        Assert.Equal(1, done["connections"]!.GetValue<int>());
        Assert.Equal(200, Assert.Single(done["replicas"]!.AsArray())!["calls"]!.GetValue<int>());

        using var refused = await _browser.PostAsJsonAsync("/api/balancer/burst", new { calls = 0, mode });
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task Calls_of_the_pages_leave_it_to_others_whether_they_are_recorded()
    {
        using var unrecorded = new Activity("a request of a page").Start();
        using var client = new HttpClient(Trust.Handler(null));

        Assert.Equal("", await client.GetStringAsync($"{_adminAddress}/traceparent"));
    }

    [Fact]
    public async Task The_map_calls_the_service()
    {
        var known = Known.Features[0];
        var features = await _browser.GetFromJsonAsync<JsonObject>("/api/route/features");
        Assert.Equal(Known.Features.Count, features!["features"]!.AsArray().Count);
        Assert.StartsWith("server-", features["replica"]!.GetValue<string>(), StringComparison.Ordinal);

        using var one = await _browser.PostAsJsonAsync("/api/route/feature", new { latitude = known.Location.Latitude, longitude = known.Location.Longitude });
        Assert.Equal(known.Name, (await one.Content.ReadFromJsonAsync<JsonObject>())!["feature"]!["name"]!.GetValue<string>());
        using var wrong = await _browser.PostAsJsonAsync("/api/route/feature", new { latitude = 900_000_001, longitude = 0 });
        Assert.Equal(HttpStatusCode.BadGateway, wrong.StatusCode);
        Assert.StartsWith("InvalidArgument: ", (await wrong.Content.ReadFromJsonAsync<JsonObject>())!["detail"]!.GetValue<string>(), StringComparison.Ordinal);

        using var list = await _browser.PostAsJsonAsync("/api/route/list", new { lo = new { latitude = 400_000_000, longitude = -750_000_000 }, hi = new { latitude = 420_000_000, longitude = -730_000_000 } });
        var last = JsonNode.Parse((await list.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1])!;
        Assert.Equal("done", last["type"]!.GetValue<string>());
        Assert.True(last["count"]!.GetValue<int>() > 0);

        using var route = await _browser.PostAsJsonAsync("/api/route/record", new { points = Known.Features.Take(3).Select(feature => new { latitude = feature.Location.Latitude, longitude = feature.Location.Longitude }) });
        Assert.Equal(3, (await route.Content.ReadFromJsonAsync<JsonObject>())!["summary"]!["pointCount"]!.GetValue<int>());
    }

    [Fact]
    public async Task Two_windows_chat_through_one_call()
    {
        var (ann, bob) = (await Enter("Ann"), await Enter("Bob"));
        await using var atAnn = await EventStream.Open(_browser, $"topics=chat&room=main&window={ann}");
        await using var atBob = await EventStream.Open(_browser, $"topics=chat&room=main&window={bob}");
        await Say(ann, "hello");
        var heard = await atBob.Until("chat", data => data["type"]!.GetValue<string>() == "note");
        Assert.Equal(("Ann", "hello"), (heard["name"]!.GetValue<string>(), heard["message"]!.GetValue<string>()));

        // The service has Ann's note, and tells Bob of it when he writes at the same place.
        await Say(bob, "hi: there");
        var answer = await atAnn.Until("chat", data => data["type"]!.GetValue<string>() == "answer");
        Assert.Equal((bob, "Ann", "hello"), (answer["to"]!.GetValue<string>(), answer["name"]!.GetValue<string>(), answer["message"]!.GetValue<string>()));
        Assert.StartsWith("server-", answer["replica"]!.GetValue<string>(), StringComparison.Ordinal);

        using var named = await _browser.PostAsJsonAsync("/api/route/chat", new { name = "a:b" });
        Assert.Equal(HttpStatusCode.BadRequest, named.StatusCode);
        using var left = await _browser.DeleteAsync($"/api/route/chat/{bob}");
        Assert.Equal(HttpStatusCode.NoContent, left.StatusCode);
        await atAnn.Until("chat", data => data["type"]!.GetValue<string>() == "state" && data["windows"]!.AsArray().Count == 1);
    }

    private async Task<string> Enter(string name)
    {
        using var answer = await _browser.PostAsJsonAsync("/api/route/chat", new { name });
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["window"]!.GetValue<string>();
    }

    private async Task Say(string window, string message)
    {
        using var answer = await _browser.PostAsJsonAsync($"/api/route/chat/{window}/notes", new { latitude = 1, longitude = 2, message });
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }
}
