using System.Text.Json;
using System.Xml.Linq;
using RouteGuide.Bench.HotNode;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Bench;

/// <summary>The hot node, as the documents show it.</summary>
public sealed class HotNodeTests
{
    [Fact]
    public async Task A_thousand_calls_go_to_all_replicas_alike_and_with_the_connection_balanced_to_one()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("it ends what it started by a shell");
        var folder = Directory.CreateTempSubdirectory("routeguide-hot-node-test-");
        try
        {
            var (json, chart) = (Path.Combine(folder.FullName, "hot-node.json"), Path.Combine(folder.FullName, "hot-node.svg"));
            await using var bench = RunningProcess.StartProject("RouteGuide.Bench", ["hot-node", "--json", json, "--chart", chart]);
            Assert.True(await bench.WaitForExit(TimeSpan.FromMinutes(2)) == 0, string.Join('\n', bench.Output.Concat(bench.Error)));

            using var result = JsonDocument.Parse(await File.ReadAllTextAsync(json));
            Assert.Equal(["request", "tcp"], result.RootElement.EnumerateObject().Select(p => p.Name));
            var (request, tcp) = (Shares(result, "request"), Shares(result, "tcp"));
            Assert.Equal((10, 1000), (request.Count, request.Values.Sum()));
            Assert.All(request.Values, calls => Assert.InRange(calls, 99, 101));
            Assert.Equal(request.Keys, tcp.Keys);
            Assert.Equal([.. Enumerable.Repeat(0, 9), 1000], tcp.Values.Order());
            Assert.Contains(bench.Output, line => line.Contains("replica-10", StringComparison.Ordinal) && line.Contains("100", StringComparison.Ordinal));
            Assert.Equal("svg", XDocument.Load(chart).Root!.Name.LocalName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("--calls", "0")]
    [InlineData("--replicas", "101")]
    [InlineData("--replicas", "many")]
    public async Task A_wrong_option_is_named_with_its_value(string option, string value)
    {
        await using var bench = RunningProcess.StartProject("RouteGuide.Bench", ["hot-node", option, value]);
        Assert.Equal(2, await bench.WaitForExit());
        Assert.Contains(bench.Error, line => line.Contains(option, StringComparison.Ordinal) && line.Contains($"'{value}'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_call_that_fails_is_told_with_its_status()
    {
        using var client = new HotNodeClient(new Uri($"http://127.0.0.1:{Ports.Free()}"));
        var e = await Assert.ThrowsAsync<RouteGuide.Bench.BenchException>(() => client.Call(5, CancellationToken.None));
        Assert.Contains("Unavailable", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bar_is_as_long_as_its_share()
    {
        var svg = XDocument.Parse(HotNodeChart.Of(new HotNodeResult(new Dictionary<string, int> { ["a<b"] = 50, ["c"] = 50 }, new Dictionary<string, int> { ["a<b"] = 0, ["c"] = 100 })));
        var bars = svg.Descendants().Where(e => e.Name.LocalName == "rect" && (int)e.Attribute("x")! == 104).ToLookup(e => (string)e.Attribute("class")!, e => (double)e.Attribute("width")!);

        Assert.Equal(2, bars["request"].Count());
        Assert.Equal(2 * bars["request"].First(), Assert.Single(bars["tcp"]), 0.2);
    }

    private static Dictionary<string, int> Shares(JsonDocument result, string mode) =>
        result.RootElement.GetProperty(mode).EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetInt32());
}
