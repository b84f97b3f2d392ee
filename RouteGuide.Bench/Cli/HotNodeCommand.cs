using System.CommandLine;
using System.Globalization;
using RouteGuide.Bench.HotNode;
using Spectre.Console;

namespace RouteGuide.Bench.Cli;

/// <summary><c>hot-node</c>: why calls are balanced, and not connections.</summary>
internal static class HotNodeCommand
{
    private const int BarWidth = 90;

    public static Command Create(IAnsiConsole console)
    {
        var calls = new Option<int>("--calls") { Description = "Calls in each mode, 1 to 1,000,000.", HelpName = "n", DefaultValueFactory = _ => 1000 };
        var replicas = new Option<int>("--replicas") { Description = "Replicas, 1 to 100.", HelpName = "n", DefaultValueFactory = _ => 10 };
        var json = new Option<string?>("--json") { Description = "Write the calls of each replica to this file.", HelpName = "file" };
        var chart = new Option<string?>("--chart") { Description = "Draw them into this SVG file.", HelpName = "file" };
        calls.Validators.Add(result => Numbers.Within(result, 1, 1_000_000));
        replicas.Validators.Add(result => Numbers.Within(result, 1, 100));
        var command = new Command("hot-node", "Sends the same calls from one connection through the balancer twice, each call balanced and the connection balanced, and shows who got them.") { calls, replicas, json, chart };
        command.SetAction(async (parsed, cancellation) =>
        {
            var result = await HotNodeRun.Run(parsed.GetRequiredValue(replicas), parsed.GetRequiredValue(calls), cancellation);
            Show(console, result);
            Write(parsed.GetValue(json), result.ToJson());
            Write(parsed.GetValue(chart), HotNodeChart.Of(result));
            return ExitCode.Done;
        });
        return command;
    }

    private static void Show(IAnsiConsole console, HotNodeResult result)
    {
        var table = new Table().AddColumn("replica").AddColumn(new TableColumn("each request balanced").RightAligned()).AddColumn(new TableColumn("the connection balanced (TCP)").RightAligned());
        foreach (var (replica, calls) in result.Request) table.AddRow(replica, Number(calls), Number(result.Tcp[replica]));
        table.AddRow("all", Number(result.Request.Values.Sum()), Number(result.Tcp.Values.Sum()));
        console.Write(table);
        Bars(console, "each request balanced", result.Request, Color.Green);
        Bars(console, "the connection balanced (TCP)", result.Tcp, Color.Red);
    }

    // To the same scale, that of all calls.
    private static void Bars(IAnsiConsole console, string title, IReadOnlyDictionary<string, int> calls, Color color)
    {
        var bars = new BarChart().Width(BarWidth).Label(title).LeftAlignLabel().WithMaxValue(Math.Max(1, calls.Values.Sum()));
        foreach (var (replica, count) in calls) bars.AddItem(replica, count, color);
        console.Write(bars);
        console.WriteLine();
    }

    private static string Number(int number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static void Write(string? file, string text)
    {
        if (file is null) return;
        try
        {
            File.WriteAllText(file, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BenchException($"'{file}' cannot be written: {e.Message}", e);
        }
    }
}
