using System.CommandLine;
using RouteGuide.Bench.Compare;
using RouteGuide.Bench.Proxies;
using RouteGuide.Bench.Report;
using Spectre.Console;

namespace RouteGuide.Bench.Cli;

/// <summary><c>compare</c>: every proxy that is installed, side by side.</summary>
internal static class CompareCommand
{
    public static Command Create(IAnsiConsole console)
    {
        var json = new Option<string?>("--json") { Description = "Write the results to this file.", HelpName = "file" };
        var scenarios = new Option<string[]>("--scenario") { Description = $"Only these: {string.Join(", ", Scenario.All.Select(s => s.Name))}.", HelpName = "name", AllowMultipleArgumentsPerToken = true };
        var proxies = new Option<string[]>("--proxy") { Description = $"Only these: {string.Join(", ", Kinds(null).Select(k => k.Name))}.", HelpName = "name", AllowMultipleArgumentsPerToken = true };
        var seconds = new Option<int>("--seconds") { Description = "Length of a measured run, 1 to 60.", HelpName = "n", DefaultValueFactory = _ => 4 };
        var rounds = new Option<int>("--rounds") { Description = "Runs of each, 1 to 20; the median counts.", HelpName = "n", DefaultValueFactory = _ => 3 };
        var cores = new Option<int>("--cores") { Description = "Processors of the proxy, each with a worker or an event loop.", HelpName = "n", DefaultValueFactory = _ => 1 };
        var balancer = new Option<string?>("--balancer") { Description = "Another build of RouteGuide.Balancer.dll than the one beside this program.", HelpName = "file" };
        var (markdown, chart) = ReportCommand.Options();
        scenarios.Validators.Add(result => Names.Known(result, Scenario.All.Select(s => s.Name)));
        proxies.Validators.Add(result => Names.Known(result, Kinds(null).Select(k => k.Name)));
        seconds.Validators.Add(result => Numbers.Within(result, 1, 60));
        rounds.Validators.Add(result => Numbers.Within(result, 1, 20));
        cores.Validators.Add(result => Numbers.Within(result, 1, 64));

        var command = new Command("compare", "Puts the same loads through every proxy that is installed, one at a time, and says what each call costs it.")
        {
            json, markdown, chart, scenarios, proxies, seconds, rounds, cores, balancer,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = new ComparisonOptions
            {
                Scenarios = Chosen(Scenario.All, s => s.Name, parsed.GetValue(scenarios)),
                Proxies = Chosen(Kinds(parsed.GetValue(balancer)), k => k.Name, parsed.GetValue(proxies)),
                Seconds = parsed.GetRequiredValue(seconds),
                Rounds = parsed.GetRequiredValue(rounds),
                Cores = parsed.GetRequiredValue(cores),
            };
            if (OwnBalancer.Configuration != "Release") console.MarkupLine("[yellow]This is a Debug build: its figures say nothing. Use dotnet run -c Release.[/]");
            var report = await new Comparison(options, line => console.WriteLine(line)).Run(cancellation);
            ConsoleReport.Write(console, report);
            if (parsed.GetValue(json) is { } file) JsonFile.Write(file, report);
            ReportCommand.Write(report, parsed.GetValue(markdown), parsed.GetValue(chart));
            return report.IsComplete ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static IReadOnlyList<ProxyKind> Kinds(string? balancer) => [new Nghttpx(), new HAProxy(), new Nginx(), new OwnBalancer(balancer), new NoProxy()];

    private static IReadOnlyList<T> Chosen<T>(IReadOnlyList<T> all, Func<T, string> name, string[]? wanted) => wanted is null or [] ? all : [.. all.Where(item => wanted.Contains(name(item)))];
}
