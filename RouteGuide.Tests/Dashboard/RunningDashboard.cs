extern alias dashboard;

using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using dashboard::RouteGuide.Dashboard.Security;
using dashboard::RouteGuide.Dashboard.Settings;
using dashboard::RouteGuide.Dashboard.Startup;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace RouteGuide.Tests.Dashboard;

/// <summary>The dashboard in this process, composed as its program composes it, on free ports.</summary>
internal sealed class RunningDashboard : IAsyncDisposable
{
    public const string Token = "a token for tests";
    public const string Key = "a key for tests";

    private readonly DirectoryInfo? _home;
    private readonly WebApplication _app;

    private RunningDashboard(WebApplication app, DirectoryInfo? home)
    {
        _app = app;
        _home = home;
        var ports = app.Services.GetRequiredService<Ports>();
        Address = new Uri(ports.Frontend);
        OtlpGrpc = new Uri(ports.OtlpGrpc!);
        OtlpHttp = new Uri(ports.OtlpHttp!);
        Anonymous = Browser();
    }

    public Uri Address { get; }

    public Uri OtlpGrpc { get; }

    public Uri OtlpHttp { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>A browser that has not logged in.</summary>
    public HttpClient Anonymous { get; }

    public static Task<RunningDashboard> Start(params string[] settings) => StartIn(null, settings);

    /// <param name="home">The folder for what outlives the process; null for one of its own.</param>
    /// <param name="settings">Each as on the command line.</param>
    public static async Task<RunningDashboard> StartIn(string? home, params string[] settings)
    {
        var own = home is null ? Directory.CreateTempSubdirectory("routeguide-dashboard") : null;
        var app = DashboardApp.Create(
        [
            "--urls=http://127.0.0.1:0", "--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL=http://127.0.0.1:0", "--ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL=http://127.0.0.1:0",
            $"--Dashboard:Frontend:BrowserToken={Token}", $"--Dashboard:Otlp:PrimaryApiKey={Key}", $"--ROUTEGUIDE_HOME={home ?? own!.FullName}", "--Logging:LogLevel:Default=Warning", .. settings,
        ]);
        await app.StartAsync();
        return new RunningDashboard(app, own);
    }

    /// <summary>A browser of its own, with its own cookies, that follows no redirects.</summary>
    public HttpClient Browser() => new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer(), Expect100ContinueTimeout = TimeSpan.FromMinutes(2) }) { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(2) };

    /// <summary>A browser that has logged in, and proves it with each request.</summary>
    public async Task<HttpClient> LoggedIn()
    {
        var browser = Browser();
        using var answer = await browser.PostAsJsonAsync("/api/login", new { token = Token });
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        var session = await browser.GetFromJsonAsync<JsonObject>("/api/session");
        browser.DefaultRequestHeaders.Add(Sessions.CsrfHeader, session!["csrfToken"]!.GetValue<string>());
        return browser;
    }

    public async ValueTask DisposeAsync()
    {
        Anonymous.Dispose();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
        _home?.Delete(recursive: true);
    }
}

/// <summary>A window's stream of server-sent events.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromMinutes(2));
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private EventStream(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _reader = new StreamReader(body);
    }

    public static async Task<EventStream> Open(HttpClient browser, string query)
    {
        var response = await browser.GetAsync($"/api/stream?{query}", HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new EventStream(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>Reads on until an event fits, and returns its data.</summary>
    public async Task<JsonObject> Until(string name, Func<JsonObject, bool> fits)
    {
        var current = "";
        while (await _reader.ReadLineAsync(_patience.Token) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal)) current = line[7..];
            if (current != name || !line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            var data = JsonNode.Parse(line[6..])!.AsObject();
            if (fits(data)) return data;
        }

        throw new InvalidOperationException($"The stream ended before the event '{name}'.");
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _response.Dispose();
        _patience.Dispose();
        return default;
    }
}
