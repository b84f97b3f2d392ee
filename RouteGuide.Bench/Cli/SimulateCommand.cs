using System.CommandLine;
using RouteGuide.Bench.Report;
using RouteGuide.Bench.Simulation;

namespace RouteGuide.Bench.Cli;

/// <summary><c>simulate</c>: the balancer's algorithms before replicas of which one is odd, in virtual time.</summary>
internal static class SimulateCommand
{
    public const string Section = "simulation";

    public static Command Create(TextWriter output)
    {
        var seed = new Option<int>("--seed") { Description = "Where chance begins.", DefaultValueFactory = _ => SimulationTable.DefaultSeed };
        seed.Validators.Add(result => Numbers.Within(result, 0, int.MaxValue));
        var calls = new Option<int>("--calls") { Description = "Calls to each algorithm, in each scenario.", DefaultValueFactory = _ => SimulationTable.DefaultCalls };
        calls.Validators.Add(result => Numbers.Within(result, 100, 10_000_000));
        var markdown = new Option<string?>("--markdown") { Description = $"Rewrite this file's section between <!-- {Section}:begin --> and <!-- {Section}:end -->.", HelpName = "file" };
        var command = new Command("simulate", "Simulates the algorithms that choose targets: what callers wait when one replica is slow.") { seed, calls, markdown };
        command.SetAction(async parsed =>
        {
            var table = SimulationTable.Of(parsed.GetValue(seed), parsed.GetValue(calls));
            await output.WriteAsync(table);
            if (parsed.GetValue(markdown) is { } file) Markdown.Replace(file, Section, table);
            return ExitCode.Done;
        });
        return command;
    }
}
