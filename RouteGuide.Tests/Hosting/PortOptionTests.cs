using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Hosting;

/// <summary>The option of the app host itself, with the app host as a process: what makes no sense ends it before anything starts.</summary>
public sealed class PortOptionTests
{
    [Theory]
    [InlineData("abc")]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("65536")]
    [InlineData("99999")]
    [InlineData("50051.5")]
    public async Task A_port_that_is_none_is_one_clear_line(string port)
    {
        await using var host = Start(["--port", port], environment: null);

        Assert.Equal(2, await host.WaitForExit());
        Assert.Equal($"Port '{port}': --port, or PORT in the environment, must be a number from 1 to 65535.", Assert.Single(host.Error));
        Assert.Empty(host.Output);
    }

    [Fact]
    public async Task A_port_of_the_environment_is_checked_alike()
    {
        await using var host = Start([], environment: "tcp://10.0.0.1:80");

        Assert.Equal(2, await host.WaitForExit());
        Assert.StartsWith("Port 'tcp://10.0.0.1:80': ", Assert.Single(host.Error), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("65535")]
    public async Task Each_port_that_is_one_is_taken(string port)
    {
        // Ends at the next thing that is wrong, so that nothing listens.
        await using var host = Start(["--port", port, "--exit-when", "nobody"], environment: null);

        Assert.Equal(2, await host.WaitForExit());
        Assert.Equal("--exit-when: there is no resource 'nobody' that runs; there is 'balancer', 'server', 'client'.", Assert.Single(host.Error));
    }

    private static RunningProcess Start(IEnumerable<string> arguments, string? environment) =>
        RunningProcess.StartProject("RouteGuide.AppHost", arguments, new Dictionary<string, string?> { ["ROUTEGUIDE_HOME"] = TestApp.Home, ["PORT"] = environment });
}
