using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.EndToEnd;

/// <summary>The one command: the app host as a process, everything that it starts, and what stands on its console.</summary>
public sealed class AppHostTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(240);
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("routeguide-home");

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public async Task The_main_job_prints_the_whole_transcript_and_ends_with_the_clients_exit_code()
    {
        await using var host = Start("--exit-when", "client");

        Assert.Equal(0, await host.WaitForExit(Patience));

        var transcript = Transcript(host);
        var (route, seconds) = ExpectedTranscript.Visited(transcript);
        Assert.Equal(10, route.Count);
        Assert.All(route, point => Assert.Contains(Known.Features, feature => feature.Location.Equals(point)));
        Assert.Equal(ExpectedTranscript.Of(route, seconds), transcript);
        Assert.Equal(3, host.Output.Where(line => line.StartsWith("server-", StringComparison.Ordinal)).Select(Instance).Distinct().Count());
        Assert.Empty(host.Error);
    }

    [Fact]
    public async Task The_system_stays_up_for_other_clients_until_it_is_told_to_end()
    {
        await using var host = Start();
        await host.WaitForOutput(line => line.StartsWith("client-", StringComparison.Ordinal) && line.Contains("Finished", StringComparison.Ordinal), "the client's end", Patience);
        var address = (await host.WaitForOutput(line => line.Contains("Calls are taken on ", StringComparison.Ordinal), "the balancer's address")).Split("Calls are taken on ")[1];

        await using (var client = RunningProcess.StartProject("RouteGuide.Client", ["--address", address, "--rpc", "GetFeature", "--repeat", "5"], new Dictionary<string, string?>
        {
            ["ROUTEGUIDE_CA"] = Path.Combine(_home.FullName, "certs", "ca.pem"),
        }))
        {
            Assert.True(await client.WaitForExit() == 0, string.Join('\n', client.Error));
        }

        host.Signal("TERM");
        Assert.Equal(0, await host.WaitForExit(Patience));
    }

    private RunningProcess Start(params string[] args) => RunningProcess.StartProject("RouteGuide.AppHost", ["--port", $"{Ports.Free()}", .. args], new Dictionary<string, string?>
    {
        ["ROUTEGUIDE_HOME"] = _home.FullName,
        ["DOTNET_ENVIRONMENT"] = "Development",
    });

    /// <summary>The client's lines as it wrote them, without the prefix that tells instances apart.</summary>
    private static string Transcript(RunningProcess host) => string.Concat(host.Output
        .Where(line => line.StartsWith("client-", StringComparison.Ordinal) && line.Contains(" | ", StringComparison.Ordinal))
        .Select(line => line[(line.IndexOf(" | ", StringComparison.Ordinal) + 3)..] + "\n"));

    private static string Instance(string line) => line.Split(' ')[0];
}
