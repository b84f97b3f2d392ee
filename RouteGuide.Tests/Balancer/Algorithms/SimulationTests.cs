using RouteGuide.Bench.Cli;
using RouteGuide.Bench.Report;
using RouteGuide.Bench.Simulation;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Algorithms;

/// <summary>The algorithms beside one another, in virtual time.</summary>
public sealed class SimulationTests
{
    [Fact]
    public void The_table_of_the_documentation_is_what_the_simulation_says()
    {
        var docs = File.ReadAllText(Path.Combine(Repository.Root, "docs", "algorithms.md")).ReplaceLineEndings("\n");

        Assert.Equal(Markdown.Replaced(docs, SimulateCommand.Section, SimulationTable.Of(SimulationTable.DefaultSeed, SimulationTable.DefaultCalls)), docs);
    }

    [Fact]
    public void Another_seed_gives_other_figures_and_the_same_seed_the_same()
    {
        Assert.Equal(SimulationTable.Of(5, 1000), SimulationTable.Of(5, 1000));
        Assert.NotEqual(SimulationTable.Of(5, 1000).Split('\n')[4], SimulationTable.Of(6, 1000).Split('\n')[4]);
    }
}
