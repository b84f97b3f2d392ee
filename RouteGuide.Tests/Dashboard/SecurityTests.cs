extern alias dashboard;

using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using dashboard::RouteGuide.Dashboard.Security;
using dashboard::RouteGuide.Dashboard.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RouteGuide.ServiceDefaults;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Dashboard;

public sealed class SecurityTests
{
    [Fact]
    public async Task Nothing_is_shown_without_a_login()
    {
        await using var dashboard = await RunningDashboard.Start();
        foreach (var path in (string[])["/api/resources", "/api/stream?topics=resources", "/api/logs", "/api/traces", "/api/metrics?resource=a", "/api/balancer", "/api/route/features", "/api/console/a/download"])
        {
            using var answer = await dashboard.Anonymous.GetAsync(path);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        }

        using var page = await dashboard.Anonymous.GetAsync("/traces?type=rpc");
        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
        Assert.Equal("/login?returnUrl=%2Ftraces%3Ftype%3Drpc", page.Headers.Location?.OriginalString);
        var session = await dashboard.Anonymous.GetFromJsonAsync<JsonObject>("/api/session");
        Assert.False(session!["authenticated"]!.GetValue<bool>());
        Assert.Null(session["csrfToken"]);
    }

    [Fact]
    public async Task The_token_logs_in_until_the_logout()
    {
        await using var dashboard = await RunningDashboard.Start();
        using var browser = dashboard.Browser();
        using var login = await browser.PostAsJsonAsync("/api/login", new { token = RunningDashboard.Token });
        var cookie = Assert.Single(login.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("expires=", cookie, StringComparison.OrdinalIgnoreCase);
        using var resources = await browser.GetAsync("/api/resources");
        Assert.Equal(HttpStatusCode.OK, resources.StatusCode);

        // The cookie is sent along by the browser for pages of other sites too; the token is not.
        using var forged = await browser.PostAsync("/api/logout", null);
        Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);

        var session = await browser.GetFromJsonAsync<JsonObject>("/api/session");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/logout") { Headers = { { Sessions.CsrfHeader, session!["csrfToken"]!.GetValue<string>() } } };
        using var logout = await browser.SendAsync(request);
        Assert.Equal(HttpStatusCode.NoContent, logout.StatusCode);

        using var stolen = new HttpRequestMessage(HttpMethod.Get, "/api/resources") { Headers = { { "Cookie", cookie.Split(';')[0] } } };
        using var after = await dashboard.Anonymous.SendAsync(stolen);
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
    }

    [Theory]
    [InlineData("/console/server", "/console/server")]
    [InlineData("https://example.com/", "/")]
    [InlineData("//example.com/", "/")]
    [InlineData("/\\example.com/", "/")]
    public async Task The_address_from_the_console_logs_in_and_leads_to_a_page_of_ours(string returnUrl, string expected)
    {
        await using var dashboard = await RunningDashboard.Start();
        using var browser = dashboard.Browser();
        using var answer = await browser.GetAsync($"/login?t={Uri.EscapeDataString(RunningDashboard.Token)}&returnUrl={Uri.EscapeDataString(returnUrl)}");
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal(expected, answer.Headers.Location?.OriginalString);
        using var resources = await browser.GetAsync("/api/resources");
        Assert.Equal(HttpStatusCode.OK, resources.StatusCode);
    }

    [Fact]
    public async Task Tokens_cannot_be_guessed_quickly()
    {
        await using var dashboard = await RunningDashboard.Start();
        using var first = await dashboard.Anonymous.PostAsJsonAsync("/api/login", new { token = "a guess" });
        Assert.Equal(HttpStatusCode.Unauthorized, first.StatusCode);

        // As if others had guessed wrong meanwhile: requests of our own could take longer than the throttle remembers.
        var throttle = dashboard.Services.GetRequiredService<LoginThrottle>();
        for (var i = 0; i < LoginThrottle.MaxFailures; i++) throttle.Failed();
        using var right = await dashboard.Anonymous.PostAsJsonAsync("/api/login", new { token = RunningDashboard.Token });
        Assert.Equal(HttpStatusCode.TooManyRequests, right.StatusCode);
        Assert.NotNull(right.Headers.RetryAfter);
    }

    [Fact]
    public void Attempts_are_looked_at_again_after_a_while()
    {
        var time = new ManualTime();
        var throttle = new LoginThrottle(time);
        for (var i = 0; i < LoginThrottle.MaxFailures; i++) throttle.Failed();
        Assert.Equal(LoginThrottle.Window, throttle.Wait());
        time.Advance(LoginThrottle.Window);
        Assert.Null(throttle.Wait());
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("routeguide.dev.localhost", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]", true)]
    [InlineData("dashboard.example", true)]
    [InlineData("evil.example", false)]
    [InlineData("192.0.2.1", false)]
    public async Task Only_hosts_of_ours_are_served(string host, bool isServed)
    {
        await using var dashboard = await RunningDashboard.Start("--Dashboard:Frontend:AllowedHosts=dashboard.example");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/session") { Headers = { Host = $"{host}:{dashboard.Address.Port}" } };
        using var answer = await dashboard.Anonymous.SendAsync(request);
        Assert.Equal(isServed ? HttpStatusCode.OK : HttpStatusCode.MisdirectedRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Each_port_serves_what_it_is_for_and_no_more()
    {
        await using var dashboard = await RunningDashboard.Start("--Dashboard:Frontend:AuthMode=Unsecured", "--Dashboard:Otlp:AuthMode=Unsecured");
        using var pages = await dashboard.Anonymous.GetAsync(new Uri(dashboard.OtlpHttp, "/api/resources"));
        Assert.Equal(HttpStatusCode.NotFound, pages.StatusCode);
        using var json = JsonContent.Create(new { });
        using var telemetry = await dashboard.Anonymous.PostAsync("/v1/traces", json);
        Assert.False(telemetry.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Browsers_are_told_to_load_nothing_from_elsewhere()
    {
        await using var dashboard = await RunningDashboard.Start();
        using var answer = await dashboard.Anonymous.GetAsync("/api/session");
        Assert.Equal(FrontendGate.Policy, Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
        Assert.DoesNotContain("unsafe", FrontendGate.Policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task Logins_outlive_the_process()
    {
        var home = Directory.CreateTempSubdirectory("routeguide-dashboard");
        try
        {
            string cookie;
            await using (var first = await RunningDashboard.StartIn(home.FullName))
            {
                using var login = await first.Anonymous.PostAsJsonAsync("/api/login", new { token = RunningDashboard.Token });
                cookie = Assert.Single(login.Headers.GetValues("Set-Cookie")).Split(';')[0];
            }

            await using var second = await RunningDashboard.StartIn(home.FullName);
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/resources") { Headers = { { "Cookie", cookie } } };
            using var answer = await second.Anonymous.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            if (!OperatingSystem.IsWindows()) Assert.All(home.EnumerateFiles("*.xml", SearchOption.AllDirectories), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode));
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    [Fact]
    public void Keys_that_cannot_be_written_are_kept_in_memory()
    {
        var file = Path.GetTempFileName();
        try
        {
            // A file where the folder should be: as unusable as a full disk.
            var keys = new KeyRepository(Path.Combine(file, "keys"), NullLogger.Instance);
            keys.StoreElement(new XElement("key"), "one");
            Assert.Equal("key", Assert.Single(keys.GetAllElements()).Name.LocalName);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("Dashboard:Frontend:AuthMode", "Open", "BrowserToken or Unsecured")]
    [InlineData("Dashboard:Otlp:AuthMode", "ApiKey", "Dashboard:Otlp:PrimaryApiKey")]
    [InlineData("Dashboard:TelemetryLimits:MaxLogCount", "0", "a whole number from 1")]
    [InlineData("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "ftp://localhost", "http://host:port")]
    [InlineData("urls", "here", "ASPNETCORE_URLS")]
    [InlineData("ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", "nowhere", "http://host:port")]
    public void A_setting_that_cannot_be_used_is_named(string name, string value, string expected)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(name, (string?)value)]).Build();
        var fault = Assert.Throws<ConfigurationException>(() => DashboardOptions.From(configuration));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Alone_it_has_the_ports_that_people_know()
    {
        var options = DashboardOptions.From(new ConfigurationBuilder().Build());
        Assert.Equal([18888, 18889, 18890], [options.Frontend[0].Port, options.OtlpGrpc!.Port, options.OtlpHttp!.Port]);
        Assert.Equal(FrontendAuthMode.BrowserToken, options.FrontendAuth);
        Assert.Equal(32, options.BrowserToken.Length);
        Assert.Null(options.ResourceService);
    }
}
