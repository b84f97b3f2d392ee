using RouteGuide.Bench.Processes;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Bench;

/// <summary>The comparison as its user runs it. What it measures here says nothing: that it measures, and leaves nothing behind, is what is tested.</summary>
public sealed class ComparisonTests
{
    [Fact]
    public async Task One_second_of_one_scenario_gives_a_row_for_the_balancer_and_one_without_it()
    {
        SkipWithoutTools();
        var file = Path.GetTempFileName();
        try
        {
            await using var bench = RunningProcess.StartProject("RouteGuide.Bench", ["compare", "--scenario", "unary-4x50", "--proxy", "routeguide", "none", "--seconds", "1", "--rounds", "1", "--json", file]);
            Assert.True(await bench.WaitForExit(TimeSpan.FromMinutes(3)) == 0, string.Join('\n', bench.Output.Concat(bench.Error)));
            var rows = ResultSchema.Check(await File.ReadAllTextAsync(file));
            Assert.Equal(["none", "routeguide"], rows.Select(row => row.GetProperty("proxy").GetString()).Order());
            Assert.True(rows.Single(row => row.GetProperty("proxy").GetString() == "routeguide").GetProperty("cpuMicrosPerCall").GetDouble() > 0);
            Assert.False(Directory.Exists($"/dev/shm/routeguide-bench-{bench.Id}"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task When_it_is_killed_what_it_started_ends_and_its_folder_goes()
    {
        SkipWithoutTools();
        var bench = RunningProcess.StartProject("RouteGuide.Bench", ["compare", "--scenario", "unary-1x100", "--proxy", "routeguide"]);
        await using (bench)
        {
            await bench.WaitForOutput(line => line.StartsWith("warming up: unary-1x100, routeguide", StringComparison.Ordinal), "the warm-up");
            var started = ChildrenOf(bench.Id);
            Assert.NotEmpty(started);
            bench.Signal("KILL");
            await bench.WaitForExit();
            await Eventually.Until(() => started.TrueForAll(HasEnded), "the end of all that was started");
            await Eventually.Until(() => !Directory.Exists($"/dev/shm/routeguide-bench-{bench.Id}"), "the end of its folder");
        }
    }

    [Theory]
    [InlineData("--scenario", "unary-9x9")]
    [InlineData("--proxy", "envoy")]
    [InlineData("--rounds", "0")]
    [InlineData("--seconds", "x")]
    public async Task A_wrong_option_is_named_with_its_value(string option, string value)
    {
        await using var bench = RunningProcess.StartProject("RouteGuide.Bench", ["compare", option, value]);
        Assert.Equal(2, await bench.WaitForExit());
        Assert.Contains(bench.Error, line => line.Contains(option, StringComparison.Ordinal) && line.Contains($"'{value}'", StringComparison.Ordinal));
    }

    private static void SkipWithoutTools()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("the comparison runs on Linux");
        Assert.SkipWhen(Programs.Find("h2load") is null, "no h2load here (Debian: apt-get install nghttp2-client)");
        Assert.SkipWhen(Programs.Find("taskset") is null, "no taskset here (Debian: apt-get install util-linux)");
    }

    // Those that can end by themselves: the generator does in any case, and what it leaves in /proc until then is not ours.
    private static List<int> ChildrenOf(int process) =>
    [
        .. from folder in Directory.EnumerateDirectories("/proc")
           where int.TryParse(Path.GetFileName(folder), out _)
           let stat = Stat(folder)
           where stat is { Parent: var parent } && parent == process
           select stat.Value.Id,
    ];

    private static RouteGuide.Bench.Measuring.ProcessStat? Stat(string folder)
    {
        try
        {
            return RouteGuide.Bench.Measuring.ProcessStat.Parse(File.ReadAllText(Path.Combine(folder, "stat")));
        }
        catch (IOException)
        {
            return null;
        }
    }

    // A process whose parent is gone stays as a zombie where nobody collects it.
    private static bool HasEnded(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].StartsWith('Z');
        }
        catch (IOException)
        {
            return true;
        }
    }
}
