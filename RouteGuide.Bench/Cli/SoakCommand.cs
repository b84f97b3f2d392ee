using System.CommandLine;
using RouteGuide.Bench.Soak;
using Spectre.Console;

namespace RouteGuide.Bench.Cli;

/// <summary><c>soak</c>: does it last?</summary>
internal static class SoakCommand
{
    public static Command Create(IAnsiConsole console)
    {
        var minutes = new Option<int>("--minutes") { Description = "How long, 1 to 10,000.", HelpName = "n", DefaultValueFactory = _ => 30 };
        var callers = new Option<int>("--callers") { Description = "Callers at a time, 1 to 1,000.", HelpName = "n", DefaultValueFactory = _ => 20 };
        var seed = new Option<int>("--seed") { Description = "Of the callers' choices.", HelpName = "n", DefaultValueFactory = _ => 1 };
        minutes.Validators.Add(result => Numbers.Within(result, 1, 10_000));
        callers.Validators.Add(result => Numbers.Within(result, 1, 1_000));
        seed.Validators.Add(result => Numbers.Within(result, 0, int.MaxValue));
        var command = new Command("soak", "Mixed load for a long time: all four kinds of calls, cancels, deadlines, resets, reconnects. Fails if memory grows or a call ends as it should not.") { minutes, callers, seed };
        command.SetAction(async (parsed, cancellation) =>
        {
            var length = TimeSpan.FromMinutes(parsed.GetRequiredValue(minutes));
            var good = await new SoakRun(console).Run(length, parsed.GetRequiredValue(callers), parsed.GetRequiredValue(seed), cancellation);
            return good ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    /// <summary>The balancer of a soak, as a process of its own.</summary>
    public static Command CreateBalancer(TextWriter output)
    {
        var arguments = new Argument<string[]>("settings") { Description = "Of the balancer.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command(SoakBalancer.Command, "The balancer of a soak.") { arguments };
        command.Hidden = true;
        command.SetAction(async (parsed, _) =>
        {
            await SoakBalancer.Serve(parsed.GetRequiredValue(arguments), Console.In, output);
            return ExitCode.Done;
        });
        return command;
    }
}
