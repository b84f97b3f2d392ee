using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Hosting;

/// <summary>The dashboard that an app host starts beside its application; a stand-in takes its place.</summary>
public sealed class DashboardProcessTests
{
    public DashboardProcessTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The children are POSIX shells.");

    [Fact]
    public async Task The_console_says_where_it_is_and_it_is_told_all_that_it_needs()
    {
        await using var host = Start("--AppHost:BrowserToken=the token", "--Resources:0:Name=first", "--Resources:0:Script=echo $OTEL_EXPORTER_OTLP_ENDPOINT; exec sleep 1000");
        var (url, port) = await LoginAsync(host);
        await host.WaitForOutput(l => l.StartsWith("  - OTLP/HTTP: ", StringComparison.Ordinal), "the last line of the block");

        Assert.Equal($"{url}/login?t=the%20token", host.Output.Single(l => l.StartsWith("Login to the dashboard at ", StringComparison.Ordinal))["Login to the dashboard at ".Length..]);
        Assert.Contains($"Now listening on: {url}", host.Output);
        var block = host.Output.SkipWhile(l => l != "Aspire Dashboard").Skip(1).Take(4).ToArray();
        Assert.Equal([$"  - Dashboard: {url}", $"  - Login URL: {url}/login?t=the%20token"], block[..2]);
        Assert.Matches("^  - OTLP/gRPC: https://localhost:[0-9]+$", block[2]);
        Assert.Matches("^  - OTLP/HTTP: https://localhost:[0-9]+$", block[3]);
        Assert.Equal(url, await AskAsync(port, "env ASPNETCORE_URLS"));
        Assert.Equal("the token", await AskAsync(port, "env DASHBOARD__FRONTEND__BROWSERTOKEN"));
        Assert.Equal("BrowserToken", await AskAsync(port, "env DASHBOARD__FRONTEND__AUTHMODE"));
        Assert.Equal(block[2]["  - OTLP/gRPC: ".Length..], await AskAsync(port, "env ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"));
        Assert.Equal(block[3]["  - OTLP/HTTP: ".Length..], await AskAsync(port, "env ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"));
        Assert.Equal("ApiKey", await AskAsync(port, "env DASHBOARD__RESOURCESERVICECLIENT__AUTHMODE"));
        Assert.Matches("^[0-9a-f]{32}$", await AskAsync(port, "env DASHBOARD__RESOURCESERVICECLIENT__APIKEY"));
        Assert.Matches("^[0-9a-f]{32}$", await AskAsync(port, "env DASHBOARD__OTLP__PRIMARYAPIKEY"));
        Assert.Matches("^https://127.0.0.1:[0-9]+$", await AskAsync(port, "env DASHBOARD__RESOURCESERVICECLIENT__URL"));
        Assert.EndsWith("localhost.pem", await AskAsync(port, "env Kestrel__Certificates__Default__Path"), StringComparison.Ordinal);
        Assert.Equal("SampleHost", await AskAsync(port, "env DASHBOARD__APPLICATIONNAME"));

        // It is no part of the application, and does not appear as one.
        Assert.DoesNotContain(host.Output, l => l.StartsWith("aspire-dashboard-", StringComparison.Ordinal));
        host.Signal("TERM");
        Assert.Equal(0, await host.WaitForExit());
        Assert.Empty(host.Error);
    }

    [Fact]
    public async Task One_that_crashes_is_started_again_and_the_application_goes_on()
    {
        await using var host = Start("--Resources:0:Name=first", "--Resources:0:Script=exec sleep 1000");
        var (_, port) = await LoginAsync(host);
        var before = await AskAsync(port, "pid");

        try
        {
            await AskAsync(port, "crash");
        }
        catch (IOException)
        {
            // Its end may come as a reset.
        }

        await host.WaitForOutput(l => l == "The dashboard has ended with exit code 7 after writing \"last words\"; it starts again.", "the end is told");
        await Eventually.Until(() => host.Output.Count(l => l.StartsWith("Login to the dashboard at ", StringComparison.Ordinal)) == 2, "it runs again");
        (_, port) = Login(host.Output.Last(l => l.StartsWith("Login to the dashboard at ", StringComparison.Ordinal)));
        Assert.NotEqual(before, await AskAsync(port, "pid"));
        Assert.DoesNotContain(host.Output, l => l.Contains("Exited", StringComparison.Ordinal));
        host.Signal("TERM");
        Assert.Equal(0, await host.WaitForExit());
    }

    [Fact]
    public async Task It_does_not_survive_an_app_host_that_is_killed()
    {
        await using var host = Start("--Resources:0:Name=first", "--Resources:0:Script=exec sleep 1000");
        var (_, port) = await LoginAsync(host);
        var process = int.Parse((await AskAsync(port, "pid"))!, CultureInfo.InvariantCulture);

        host.Signal("KILL");
        await host.WaitForExit();

        await Eventually.Until(() => !Directory.Exists($"/proc/{process}"), "the dashboard has ended");
    }

    [Fact]
    public async Task An_address_that_was_asked_for_and_is_taken_is_one_clear_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var host = Start($"--ASPNETCORE_URLS=https://localhost:{port}", "--AppHost:PortTimeout=00:00:00", "--Resources:0:Name=first", "--Resources:0:Script=exec sleep 1000");

        Assert.Equal(1, await host.WaitForExit());
        Assert.Equal($"Port {port} of endpoint 'https' of 'aspire-dashboard' is in use by another process.", Assert.Single(host.Error));
    }

    [Theory]
    [InlineData("--ASPNETCORE_URLS=http://localhost:17000", "The address 'http://localhost:17000' of the dashboard is not https: use one that is, or set ASPIRE_ALLOW_UNSECURED_TRANSPORT to true.")]
    [InlineData("--ASPNETCORE_URLS=nowhere", "ASPNETCORE_URLS is 'nowhere': it must be an address such as https://localhost:17050.")]
    [InlineData("--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL=https://example.com:4317", "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL is 'https://example.com:4317': it must be an address of this machine itself, such as https://localhost:4317.")]
    public async Task An_address_that_makes_no_sense_is_one_clear_line(string argument, string message)
    {
        await using var host = Start(argument, "--Resources:0:Name=first", "--Resources:0:Script=exec sleep 1000");

        Assert.Equal(1, await host.WaitForExit());
        Assert.Equal(message, Assert.Single(host.Error));
    }

    private static RunningProcess Start(params string[] arguments) =>
        RunningProcess.Start("dotnet", ["exec", TestApp.SampleHost, "--AppHost:StopTimeout=00:00:01", .. arguments], new Dictionary<string, string?> { ["ROUTEGUIDE_HOME"] = TestApp.Home });

    private static async Task<(string Url, int Port)> LoginAsync(RunningProcess host) =>
        Login(await host.WaitForOutput(l => l.StartsWith("Login to the dashboard at ", StringComparison.Ordinal), "the dashboard listens"));

    private static (string Url, int Port) Login(string line)
    {
        var url = line["Login to the dashboard at ".Length..].Split("/login?t=")[0];
        return (url, new Uri(url).Port);
    }

    private static async Task<string?> AskAsync(int port, string question)
    {
        using var limit = new CancellationTokenSource(Eventually.Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
        await using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true };
        using var reader = new StreamReader(client.GetStream());
        await writer.WriteLineAsync(question.AsMemory(), limit.Token);
        return await reader.ReadLineAsync(limit.Token);
    }
}
