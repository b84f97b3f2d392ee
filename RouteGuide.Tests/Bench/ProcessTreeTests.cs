using RouteGuide.Bench.Measuring;

namespace RouteGuide.Tests.Bench;

/// <summary>What processes have used, from /proc.</summary>
public sealed class ProcessTreeTests
{
    [Fact]
    public void A_line_is_read_also_when_the_name_has_spaces_and_parentheses()
    {
        const string Line = "4242 (a) (b c) S 17 4242 17 0 -1 4194304 300 0 0 0 120 30 7 3 20 0 4 0 99 123456 2048 18446744073709551615";
        Assert.Equal(new ProcessStat(4242, Parent: 17, Ticks: 160, ResidentPages: 2048), ProcessStat.Parse(Line));
    }

    [Theory]
    [InlineData("")]
    [InlineData("4242 name S 17")]
    [InlineData("4242 (name) S 17 4242")]
    public void What_is_no_such_line_is_told(string line) => Assert.Throws<FormatException>(() => ProcessStat.Parse(line));

    [Fact]
    public void A_tree_is_a_process_and_all_that_descends_from_it()
    {
        ProcessStat[] all = [Process(1, 0), Process(20, 1), Process(30, 20), Process(31, 20), Process(40, 31), Process(50, 1)];
        Assert.Equal([20, 30, 31, 40], ProcessTree.Members(all, 20).Select(p => p.Id).Order());

        static ProcessStat Process(int id, int parent) => new(id, parent, 0, 0);
    }

    [Fact]
    public void Our_own_time_and_memory_are_found()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("/proc is Linux's");
        var before = ProcessTree.Read(Environment.ProcessId);
        Assert.InRange(before.ResidentBytes, 10L << 20, 100L << 30);
        Assert.True(before.CpuSeconds > 0);
    }

    [Theory]
    [InlineData("0", 1, "0", "0", true)]
    [InlineData("0-1", 1, "0", "1", false)]
    [InlineData("0-1", 2, "0,1", "0,1", true)]
    [InlineData("2,5-7", 2, "2,5", "6,7", false)]
    public void The_proxy_gets_the_first_processors_and_the_load_the_rest(string allowed, int cores, string proxy, string load, bool isShared)
    {
        var plan = CpuPlan.Create(CpuPlan.ParseList(allowed), cores);
        Assert.Equal((proxy, load, isShared), (CpuPlan.Format(plan.Proxy), CpuPlan.Format(plan.Load), plan.IsShared));
    }

    [Fact]
    public void More_processors_than_there_are_is_an_error_that_says_so() =>
        Assert.Contains("--cores: 3", Assert.Throws<RouteGuide.Bench.BenchException>(() => CpuPlan.Create([0, 1], 3)).Message);
}
