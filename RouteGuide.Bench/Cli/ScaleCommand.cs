using System.CommandLine;
using RouteGuide.Bench.Compare;
using RouteGuide.Bench.Measuring;
using RouteGuide.Bench.Proxies;
using RouteGuide.Bench.Report;
using Spectre.Console;

namespace RouteGuide.Bench.Cli;

/// <summary><c>scale</c>: the same loads with one core, two, and so on.</summary>
internal static class ScaleCommand
{
    private const string Section = "scale";
    private static readonly string[] Usual = ["unary-4x50", "unary-50x20", "unary-64x1", "stream-1000x1k"];

    public static Command Create(IAnsiConsole console)
    {
        var most = new Option<int>("--cores") { Description = "Up to so many processors. [default: 2]", HelpName = "n", DefaultValueFactory = _ => 2 };
        var scenarios = new Option<string[]>("--scenario") { Description = $"Other scenarios than {string.Join(", ", Usual)}.", HelpName = "name", AllowMultipleArgumentsPerToken = true };
        var seconds = new Option<int>("--seconds") { Description = "Length of a measured run, 1 to 60.", HelpName = "n", DefaultValueFactory = _ => 4 };
        var rounds = new Option<int>("--rounds") { Description = "Runs of each, 1 to 20; the median counts.", HelpName = "n", DefaultValueFactory = _ => 3 };
        var markdown = new Option<string?>("--markdown") { Description = $"Rewrite this file's section between <!-- {Section}:begin --> and <!-- {Section}:end -->.", HelpName = "file" };
        most.Validators.Add(result => Numbers.Within(result, 1, 64));
        scenarios.Validators.Add(result => Names.Known(result, Scenario.All.Where(s => !s.IsIdle).Select(s => s.Name)));
        seconds.Validators.Add(result => Numbers.Within(result, 1, 60));
        rounds.Validators.Add(result => Numbers.Within(result, 1, 20));

        var command = new Command("scale", "Measures our balancer with one event loop on one processor, two on two, and so on.") { most, scenarios, seconds, rounds, markdown };
        command.SetAction(async (parsed, cancellation) =>
        {
            string[] wanted = parsed.GetValue(scenarios) is { Length: > 0 } named ? named : Usual;
            var reports = new List<(int Cores, ComparisonReport Report)>();
            for (var cores = 1; cores <= Math.Min(parsed.GetRequiredValue(most), CpuPlan.Allowed().Count); cores++)
            {
                var options = new ComparisonOptions
                {
                    Scenarios = [.. Scenario.All.Where(s => wanted.Contains(s.Name))],
                    Proxies = [new OwnBalancer()],
                    Seconds = parsed.GetRequiredValue(seconds),
                    Rounds = parsed.GetRequiredValue(rounds),
                    Cores = cores,
                };
                console.WriteLine($"{cores} of {parsed.GetRequiredValue(most)} cores");
                reports.Add((cores, await new Comparison(options, line => console.WriteLine(line)).Run(cancellation)));
            }

            var text = ScaleReport.Markdown(reports);
            console.WriteLine(text);
            if (parsed.GetValue(markdown) is { } file) Markdown.Replace(file, Section, text);
            return reports.TrueForAll(r => r.Report.IsComplete) ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }
}
