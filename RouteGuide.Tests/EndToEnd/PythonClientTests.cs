using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.EndToEnd;

/// <summary>A client that nobody here wrote, through the balancer to the replicas.</summary>
public sealed class PythonClientTests
{
    [Theory]
    [InlineData("https")]
    [InlineData("http")]
    public async Task Grpcio_runs_all_four_kinds_and_the_health_check(string scheme)
    {
        var python = Python.WithGrpc();
        await using var system = await ProcessSystem.Start();
        await using var client = RunningProcess.Start(
            python,
            [
                Repository.File("RouteGuide.Tests", "EndToEnd", "route_guide_client.py"),
                $"localhost:{(scheme == "https" ? system.Address : system.Plaintext).Port}",
                scheme == "https" ? system.CaFile : "-",
                Repository.File("protos"),
                Repository.File("data", "route_guide_db.json"),
            ],
            // On machines with a proxy set, grpcio would ask it even for localhost.
            new Dictionary<string, string?> { ["no_proxy"] = "localhost", ["PYTHONDONTWRITEBYTECODE"] = "1" });

        var code = await client.WaitForExit(TimeSpan.FromSeconds(180));

        Assert.True(code == 0, string.Join('\n', [.. client.Output, .. client.Error]));
        Assert.True(client.Output.Count(line => line.StartsWith("ok  ", StringComparison.Ordinal)) >= 14, string.Join('\n', client.Output));
        Assert.Contains("replicas 3", client.Output);
    }
}
