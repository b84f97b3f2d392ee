using System.Text.Json;
using RouteGuide.Bench.HotNode;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Proof;

/// <summary>As many targets as a managed balancer takes, behind the balancer as a process.</summary>
public sealed class ManyTargetsTests
{
    private const int Targets = 1_000;

    [Fact]
    public async Task A_thousand_targets_get_the_same_number_of_calls_each()
    {
        await using var replicas = await HotNodeReplicas.Start(Targets);
        var folder = Directory.CreateTempSubdirectory("routeguide-many-targets-");
        try
        {
            var file = Path.Combine(folder.FullName, "balancer.json");
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { Balancer = new { replicas.Urls } }).Replace("Urls", "Targets", StringComparison.Ordinal));
            await using var balancer = RunningProcess.StartProject(
                "RouteGuide.Balancer",
                ["--urls=http://127.0.0.1:0", $"--Balancer:ConfigurationFile={file}"],
                new Dictionary<string, string?> { ["ASPNETCORE_URLS"] = null, ["REGISTRY_PORT"] = null });
            var line = await balancer.WaitForOutput(l => l.Contains("Calls are taken on ", StringComparison.Ordinal), "it listens");
            using var client = new HotNodeClient(new Uri(line[line.IndexOf("http://", StringComparison.Ordinal)..]));

            var answers = await client.Call(2 * Targets, CancellationToken.None);

            Assert.Equal(Targets, answers.Distinct().Count());
            Assert.All(answers.CountBy(a => a), pair => Assert.Equal(2, pair.Value));
            Assert.Equal(1, client.Connections);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
