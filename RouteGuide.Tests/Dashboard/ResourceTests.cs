extern alias dashboard;

using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using dashboard::Aspire.DashboardService.Proto.V1;
using Google.Protobuf.WellKnownTypes;

namespace RouteGuide.Tests.Dashboard;

public sealed class ResourceTests : IAsyncLifetime
{
    private FakeAppHost _host = null!;
    private RunningDashboard _dashboard = null!;
    private HttpClient _browser = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await FakeAppHost.Start();
        _host.Upsert(Server("server-abcdefgh", "Running"));
        _dashboard = await RunningDashboard.Start($"--Dashboard:ResourceServiceClient:Url={_host.Address}", $"--Dashboard:ResourceServiceClient:ApiKey={FakeAppHost.Key}");
        _browser = await _dashboard.LoggedIn();
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _dashboard.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task A_window_sees_all_resources_and_then_their_changes()
    {
        await using var stream = await EventStream.Open(_browser, "topics=resources");
        var server = (await stream.Until("resources", data => data["snapshot"] is JsonArray { Count: 1 }))["snapshot"]![0]!;
        Assert.Equal("server-abcdefgh", server["name"]!.GetValue<string>());
        Assert.Equal("server", server["displayName"]!.GetValue<string>());
        Assert.Equal("Unhealthy", server["health"]!.GetValue<string>());
        Assert.Equal("secret", server["environment"]![0]!["value"]!.GetValue<string>());
        Assert.Equal(17, server["properties"]![0]!["value"]!.GetValue<int>());
        Assert.Equal("Number", server["commands"]![0]!["inputs"]![0]!["type"]!.GetValue<string>());
        Assert.Equal("2026-01-02T03:04:05Z", server["startedAt"]!.GetValue<string>());

        _host.Upsert(Server("server-abcdefgh", "Exited"));
        var change = await stream.Until("resources", data => data["upserts"] is JsonArray { Count: > 0 });
        Assert.Equal("Exited", change["upserts"]![0]!["state"]!.GetValue<string>());

        _host.Delete("server-abcdefgh");
        change = await stream.Until("resources", data => data["deletes"] is JsonArray { Count: > 0 });
        Assert.Equal("server-abcdefgh", change["deletes"]![0]!.GetValue<string>());
    }

    [Fact]
    public async Task It_comes_back_when_the_app_host_does()
    {
        await using var stream = await EventStream.Open(_browser, "topics=resources");
        await stream.Until("resources", data => data["snapshot"] is JsonArray { Count: 1 });
        _host.Leave();
        var lost = await stream.Until("resources", data => data["connection"]!.GetValue<string>() == "lost");
        Assert.NotNull(lost["message"]);

        _host.Delete("server-abcdefgh");
        _host.Upsert(Server("server-second", "Running"));
        _host.Return();
        var back = await stream.Until("resources", data => data["snapshot"] is JsonArray);
        Assert.Equal("server-second", Assert.Single(back["snapshot"]!.AsArray())!["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task Commands_go_to_the_app_host_with_their_arguments()
    {
        await Appeared();
        _host.Execute = request => new ResourceCommandResponse { Kind = ResourceCommandResponseKind.InvalidArguments, Message = $"replicas: {request.Arguments["replicas"].NumberValue} is too many" };
        using var answer = await _browser.PostAsJsonAsync("/api/resources/server-abcdefgh/commands/resource-scale", new { arguments = new { replicas = 500 } });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var result = await answer.Content.ReadFromJsonAsync<JsonObject>();
        Assert.Equal("InvalidArguments", result!["kind"]!.GetValue<string>());
        Assert.Equal("replicas: 500 is too many", result["message"]!.GetValue<string>());
        Assert.Equal("server-abcdefgh", Assert.Single(_host.Commands).ResourceName);

        using var unknown = await _browser.PostAsJsonAsync("/api/resources/server-abcdefgh/commands/explode", new { });
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        using var nested = await _browser.PostAsJsonAsync("/api/resources/server-abcdefgh/commands/resource-scale", new { arguments = new { replicas = new { } } });
        Assert.Equal(HttpStatusCode.BadRequest, nested.StatusCode);
        Assert.Single(_host.Commands);

        using var withPath = await _browser.PostAsJsonAsync($"/api/resources/server-abcdefgh/commands/{Uri.EscapeDataString("server-http-http-post-/reset")}", new { arguments = new { replicas = 1 } });
        Assert.Equal(HttpStatusCode.OK, withPath.StatusCode);
        Assert.Equal("server-http-http-post-/reset", _host.Commands.Last().CommandName);
    }

    [Theory]
    [InlineData("server-abcdefgh")]
    [InlineData("server")]
    [InlineData("*")]
    public async Task Lines_come_through_with_their_numbers(string wanted)
    {
        var lines = _host.Lines["server-abcdefgh"] = Channel.CreateUnbounded<ConsoleLogLine>();
        lines.Writer.TryWrite(new ConsoleLogLine { LineNumber = 1, Text = "2026-01-02T03:04:05.678Z \u001b[31mfirst\u001b[0m" });
        lines.Writer.TryWrite(new ConsoleLogLine { LineNumber = 2, Text = "second", IsStdErr = true });
        await Appeared();
        await using var stream = await EventStream.Open(_browser, $"topics=console&console={Uri.EscapeDataString(wanted)}");
        var first = await stream.Until("console", data => data["reset"]!.GetValue<bool>());
        Assert.Empty(first["lines"]!.AsArray());
        var seen = new List<JsonNode?>();
        while (seen.Count < 2) seen.AddRange((await stream.Until("console", data => data["lines"]!.AsArray().Count > 0))["lines"]!.AsArray());
        Assert.Equal("\u001b[31mfirst\u001b[0m", seen[0]!["text"]!.GetValue<string>());
        Assert.Equal("2026-01-02T03:04:05.678Z", seen[0]!["time"]!.GetValue<string>());
        Assert.Equal("second", seen[1]!["text"]!.GetValue<string>());
        Assert.True(seen[1]!["stdErr"]!.GetValue<bool>());

        lines.Writer.TryWrite(new ConsoleLogLine { LineNumber = 3, Text = "third" });
        var third = await stream.Until("console", data => data["lines"]!.AsArray().Count > 0);
        Assert.Equal(3, third["lines"]![0]!["line"]!.GetValue<int>());
    }

    [Fact]
    public async Task The_console_can_be_downloaded()
    {
        var lines = _host.Lines["server-abcdefgh"] = Channel.CreateUnbounded<ConsoleLogLine>();
        lines.Writer.TryWrite(new ConsoleLogLine { LineNumber = 1, Text = "only" });
        await Appeared();
        using var answer = await _browser.GetAsync("/api/console/server-abcdefgh/download");
        Assert.Equal("only\n", await answer.Content.ReadAsStringAsync());
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition?.DispositionType);
    }

    private async Task Appeared()
    {
        await using var stream = await EventStream.Open(_browser, "topics=resources");
        await stream.Until("resources", data => data["snapshot"] is JsonArray { Count: > 0 });
    }

    private static Resource Server(string name, string state) => new()
    {
        Name = name,
        DisplayName = "server",
        ResourceType = "Project",
        Uid = "1",
        State = state,
        StartedAt = Timestamp.FromDateTime(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc)),
        Environment = { new EnvironmentVariable { Name = "KEY", Value = "secret", IsFromSpec = true } },
        Properties = { new ResourceProperty { Name = "executable.pid", Value = Value.ForNumber(17) } },
        HealthReports = { new HealthReport { Key = "a", Status = HealthStatus.Healthy }, new HealthReport { Key = "b", Status = HealthStatus.Unhealthy } },
        Commands =
        {
            new ResourceCommand { Name = "resource-scale", DisplayName = "Scale", ArgumentInputs = { new InteractionInput { Name = "replicas", Label = "Replicas", InputType = InputType.Number, Required = true } } },
            new ResourceCommand { Name = "server-http-http-post-/reset", DisplayName = "Reset" },
        },
    };
}
