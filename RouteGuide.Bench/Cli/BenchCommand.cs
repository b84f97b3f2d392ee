using System.CommandLine;
using Spectre.Console;

namespace RouteGuide.Bench.Cli;

/// <summary>The command line, and how what goes wrong is told.</summary>
internal static class BenchCommand
{
    /// <summary>Columns of a console that has no width of its own, as in a file.</summary>
    private const int FileWidth = 160;

    /// <summary>The console: in colour on a terminal, plain and wide enough for the tables elsewhere.</summary>
    public static IAnsiConsole CreateConsole()
    {
        if (!Console.IsOutputRedirected) return AnsiConsole.Console;
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No });
        console.Profile.Width = FileWidth;
        return console;
    }

    /// <summary>Parses and runs.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> Invoke(string[] args, IAnsiConsole console, TextWriter output, TextWriter error)
    {
        var root = new RootCommand("Measures RouteGuide.Balancer, beside other proxies and by its parts, and the gRPC runtime.")
        {
            CompareCommand.Create(console),
            ScaleCommand.Create(console),
            ReportCommand.Create(console),
            HotNodeCommand.Create(console),
            MicroCommand.Create(),
            SimulateCommand.Create(output),
            BackendCommand.Create(output),
            SoakCommand.Create(console),
            SoakCommand.CreateBalancer(output),
            OtlpCommand.Create(console),
            GrpcCommand.Create(console),
            GrpcCommand.CreateServer(output),
            GrpcCommand.CreateClient(output),
        };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var problem in parsed.Errors) await error.WriteLineAsync($"routeguide bench: {problem.Message}");
            await error.WriteLineAsync("Try --help.");
            return ExitCode.Usage;
        }

        try
        {
            // What was started is ended in order, which may take longer than the framework's own two seconds.
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });
        }
        catch (BenchException problem)
        {
            await error.WriteLineAsync($"routeguide bench: {problem.Message}");
            return ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }
}
