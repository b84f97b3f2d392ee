extern alias dashboard;

using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using dashboard::RouteGuide.Dashboard.Otlp;

namespace RouteGuide.Tests.Dashboard;

public sealed class ArchiveTests : IAsyncLifetime
{
    private const string Trace = "5b8efff798038103d269b633813fc60c";

    private RunningDashboard _dashboard = null!;
    private HttpClient _browser = null!;

    public async ValueTask InitializeAsync()
    {
        _dashboard = await RunningDashboard.Start();
        _browser = await _dashboard.LoggedIn();
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _dashboard.DisposeAsync();
    }

    [Fact]
    public async Task What_is_exported_here_is_imported_there()
    {
        await SendAll();
        var zip = await _browser.GetByteArrayAsync("/api/telemetry/export");
        using (var archive = new ZipArchive(new MemoryStream(zip)))
        {
            Assert.Equal(["metrics/shop-a_b-1.json", "structuredlogs/shop-a_b-1.json", "traces/shop-a_b-1.json"], archive.Entries.Select(entry => entry.FullName).Order(StringComparer.Ordinal));
        }

        await using var other = await RunningDashboard.Start();
        using var browser = await other.LoggedIn();
        using var answer = await Import(browser, zip);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var taken = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Equal((3, 1, 1, 2), (taken["files"]!.GetValue<int>(), taken["logs"]!.GetValue<int>(), taken["spans"]!.GetValue<int>(), taken["metrics"]!.GetValue<int>()));

        foreach (var path in (string[])[$"/api/traces/{Trace}", "/api/logs?resource=shop", "/api/metrics?resource=shop"])
        {
            Assert.Equal(Plain(await _browser.GetStringAsync(path)), Plain(await browser.GetStringAsync(path)));
        }

        var series = (await browser.GetFromJsonAsync<JsonObject>("/api/metrics/series?resource=shop&meter=till&instrument=paid"))!;
        Assert.Equal(4, series["totals"]!["count"]!.GetValue<double>());
        Assert.Equal(20, series["totals"]!["sum"]!.GetValue<double>());
    }

    [Fact]
    public async Task What_is_no_telemetry_is_refused_and_harms_nothing()
    {
        using var bomb = new MemoryStream();
        using (var archive = new ZipArchive(bomb, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = archive.CreateEntry("traces/much.json").Open();
            var zeros = new byte[1024 * 1024];
            for (var i = 0; i < 33; i++) entry.Write(zeros);
        }

        (HttpStatusCode Expected, byte[] Body)[] cases =
        [
            (HttpStatusCode.BadRequest, []),
            (HttpStatusCode.BadRequest, "no telemetry"u8.ToArray()),
            (HttpStatusCode.BadRequest, "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"xyz\"}]}]}]}"u8.ToArray()),
            (HttpStatusCode.BadRequest, "PK broken"u8.ToArray()),
            (HttpStatusCode.BadRequest, Zip(("notes.txt", "nothing"), ("other.json", "{\"a\":1}"))),
            (HttpStatusCode.RequestEntityTooLarge, bomb.ToArray()),
        ];
        foreach (var (expected, body) in cases)
        {
            using var answer = await Import(_browser, body);
            Assert.Equal(expected, answer.StatusCode);
            Assert.NotEmpty((await answer.Content.ReadFromJsonAsync<JsonObject>())!["detail"]!.GetValue<string>());
        }

        using var withoutProof = _dashboard.Browser();
        using var refused = await Import(withoutProof, "{}"u8.ToArray());
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(0, (await _browser.GetFromJsonAsync<JsonObject>("/api/telemetry"))!["totals"]!["spans"]!.GetValue<int>());
    }

    private static async Task<HttpResponseMessage> Import(HttpClient browser, byte[] file)
    {
        using var content = new ByteArrayContent(file) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        return await browser.PostAsync("/api/telemetry/import", content);
    }

    private static byte[] Zip(params (string Name, string Text)[] files)
    {
        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        return zip.ToArray();
    }

    // Numbers of the order in which things came are each dashboard's own.
    private static string Plain(string json)
    {
        var node = JsonNode.Parse(json)!;
        foreach (var item in node["items"]?.AsArray() ?? []) item!.AsObject().Remove("id");
        return node.ToJsonString();
    }

    private async Task SendAll()
    {
        const string Sender = """{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"service.instance.id","value":{"stringValue":"a/b"}}]}""";
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000_000;
        await Send("traces", $$$"""
            {"resourceSpans":[{"resource":{{{Sender}}},"scopeSpans":[{"scope":{"name":"s","version":"1"},"spans":[{"traceId":"{{{Trace}}}","spanId":"eee19b7ec3c1b174","parentSpanId":"eee19b7ec3c1b173",
             "name":"buy","kind":3,"startTimeUnixNano":"{{{now}}}","endTimeUnixNano":"{{{now + 5}}}","attributes":[{"key":"item","value":{"stringValue":"soup"}}],"status":{"code":2,"message":"no"},
             "events":[{"name":"half way","timeUnixNano":"{{{now + 1}}}"}],"links":[{"traceId":"{{{Trace}}}","spanId":"eee19b7ec3c1b175"}]}]}]}]}
            """);
        await Send("logs", $$$"""
            {"resourceLogs":[{"resource":{{{Sender}}},"scopeLogs":[{"scope":{"name":"Kitchen"},"logRecords":[{"timeUnixNano":"{{{now}}}","severityNumber":13,"body":{"stringValue":"hot"},
             "traceId":"{{{Trace}}}","spanId":"eee19b7ec3c1b174","attributes":[{"key":"{OriginalFormat}","value":{"stringValue":"{What}"}},{"key":"What","value":{"stringValue":"hot"}},{"key":"exception.stacktrace","value":{"stringValue":"at x"}}]}]}]}]}
            """);
        await Send("metrics", $$$"""
            {"resourceMetrics":[{"resource":{{{Sender}}},"scopeMetrics":[{"scope":{"name":"till"},"metrics":[
             {"name":"open","gauge":{"dataPoints":[{"timeUnixNano":"{{{now}}}","asInt":"2"}]}},
             {"name":"paid","unit":"s","histogram":{"aggregationTemporality":1,"dataPoints":[{"startTimeUnixNano":"{{{now - 1_000_000_000}}}","timeUnixNano":"{{{now}}}","count":"4","sum":20,"bucketCounts":["1","3"],"explicitBounds":[4],"min":1,"max":9}]}}]}]}]}
            """);
    }

    private async Task Send(string signal, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, OtlpHttp.JsonType);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_dashboard.OtlpHttp, $"/v1/{signal}")) { Content = content };
        request.Headers.Add(OtlpGate.KeyHeader, RunningDashboard.Key);
        using var answer = await _dashboard.Anonymous.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
