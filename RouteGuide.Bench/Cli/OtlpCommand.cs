using System.CommandLine;
using RouteGuide.Bench.Otlp;
using Spectre.Console;

namespace RouteGuide.Bench.Cli;

/// <summary><c>otlp</c>: how much telemetry the dashboard can take.</summary>
internal static class OtlpCommand
{
    public static Command Create(IAnsiConsole console)
    {
        var rate = new Option<int>("--rate") { Description = "Spans per second, 1,000 to 10,000,000.", HelpName = "n", DefaultValueFactory = _ => 50_000 };
        var seconds = new Option<int>("--seconds") { Description = "How long, 1 to 3,600.", HelpName = "n", DefaultValueFactory = _ => 30 };
        rate.Validators.Add(result => Numbers.Within(result, 1_000, 10_000_000));
        seconds.Validators.Add(result => Numbers.Within(result, 1, 3_600));
        var command = new Command("otlp", "Sends spans to the dashboard over gRPC. Fails if it does not take them as fast as asked, or keeps more than its limits allow.") { rate, seconds };
        command.SetAction(async (parsed, cancellation) =>
            await new OtlpRun(console).Run(parsed.GetRequiredValue(rate), TimeSpan.FromSeconds(parsed.GetRequiredValue(seconds)), cancellation) ? ExitCode.Done : ExitCode.Failed);
        return command;
    }
}
