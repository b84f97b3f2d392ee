using System.Net;
using System.Net.Sockets;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer;

/// <summary>The balancer as a process: what it says when it cannot start, and how it ends.</summary>
public sealed class ProgramTests
{
    [Fact]
    public async Task A_bad_target_ends_it_with_one_line() => await Fails(["--urls=http://127.0.0.1:0", "--Balancer:Targets:0=nonsense"], "Balancer:Targets:0", "'nonsense'");

    [Fact]
    public async Task A_bad_url_ends_it_with_one_line() => await Fails(["--urls=nonsense"], "urls", "'nonsense'");

    [Fact]
    public async Task A_missing_certificate_file_ends_it_with_one_line() =>
        await Fails(["--urls=https://127.0.0.1:0", "--Kestrel:Certificates:Default:Path=/nowhere/cert.pem", "--Kestrel:Certificates:Default:KeyPath=/nowhere/cert.key"], "Kestrel:Certificates:Default:Path", "/nowhere/cert.pem");

    [Fact]
    public async Task A_missing_key_file_ends_it_with_one_line() =>
        await Fails(["--urls=https://127.0.0.1:0", $"--Kestrel:Certificates:Default:Path={TestCertificate.Path}", "--Kestrel:Certificates:Default:KeyPath=/nowhere/cert.key"], "Kestrel:Certificates:Default:KeyPath", "/nowhere/cert.key");

    [Fact]
    public async Task A_broken_certificate_ends_it_with_one_line() =>
        await Fails(["--urls=https://127.0.0.1:0", $"--Kestrel:Certificates:Default:Path={TestCertificate.KeyPath}", $"--Kestrel:Certificates:Default:KeyPath={TestCertificate.KeyPath}"], "Kestrel:Certificates:Default:Path", TestCertificate.KeyPath);

    [Fact]
    public async Task No_certificate_at_all_ends_it_with_one_line()
    {
        // An empty home has no development certificate either.
        var home = Directory.CreateTempSubdirectory("routeguide-home-");
        try
        {
            await Fails(["--urls=https://127.0.0.1:0"], new Dictionary<string, string?> { ["HOME"] = home.FullName }, "Kestrel:Certificates:Default", "https://127.0.0.1:0");
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_taken_port_ends_it_with_one_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = $"http://{taken.LocalEndpoint}";

        await Fails([$"--urls={address}"], address, "in use");
    }

    [Fact]
    public async Task A_registry_beyond_loopback_ends_it_with_one_line() => await Fails(["--urls=http://127.0.0.1:0;http://0.0.0.0:6000", "--REGISTRY_PORT=6000"], "loopback", "http://0.0.0.0:6000");

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_ends_it_in_order(string signal)
    {
        await using var balancer = RunningProcess.StartProject("RouteGuide.Balancer", ["--urls=http://127.0.0.1:0", "--REGISTRY_PORT=0"], Environment);
        await balancer.WaitForOutput(line => line.Contains("Targets register on http://127.0.0.1:", StringComparison.Ordinal), "it listens");
        Assert.Contains(balancer.Output, line => line.Contains("Calls are taken on http://127.0.0.1:", StringComparison.Ordinal));

        balancer.Signal(signal);

        Assert.Equal(0, await balancer.WaitForExit());
        Assert.Empty(balancer.Error);
    }

    [Fact]
    public async Task Targets_may_come_from_the_environment()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = RunningProcess.StartProject(
            "RouteGuide.Balancer",
            [],
            new Dictionary<string, string?>(Environment) { ["ASPNETCORE_URLS"] = "http://127.0.0.1:0", ["Balancer__Targets__0"] = $"http://{target.Url.Authority}" });
        var line = await balancer.WaitForOutput(l => l.Contains("Calls are taken on ", StringComparison.Ordinal), "it listens");
        var url = new Uri(line[line.IndexOf("http://", StringComparison.Ordinal)..]);
        await using var client = await RawHttp2Connection.ConnectAsync(url);

        var call = await client.OpenAsync(Wire.Request(url), end: true);
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal(1, target.Calls);
    }

    // Whoever runs the tests may have set these.
    private static Dictionary<string, string?> Environment => new() { ["ASPNETCORE_URLS"] = null, ["REGISTRY_PORT"] = null, ["REGISTRY_KEY"] = null };

    private static Task Fails(string[] arguments, params string[] named) => Fails(arguments, [], named);

    private static async Task Fails(string[] arguments, Dictionary<string, string?> environment, params string[] named)
    {
        foreach (var (name, value) in Environment) environment.TryAdd(name, value);
        await using var balancer = RunningProcess.StartProject("RouteGuide.Balancer", arguments, environment);

        Assert.Equal(1, await balancer.WaitForExit());

        var line = Assert.Single(balancer.Error);
        Assert.StartsWith("routeguide-balancer: ", line, StringComparison.Ordinal);
        Assert.All(named, n => Assert.Contains(n, line, StringComparison.Ordinal));
        Assert.Empty(balancer.Output);
    }
}
