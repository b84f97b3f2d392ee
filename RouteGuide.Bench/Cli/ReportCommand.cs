using System.CommandLine;
using RouteGuide.Bench.Report;
using Spectre.Console;

namespace RouteGuide.Bench.Cli;

/// <summary><c>report</c>: the tables and the picture of a comparison that was made before.</summary>
internal static class ReportCommand
{
    public const string Section = "compare";

    public static Command Create(IAnsiConsole console)
    {
        var json = new Argument<string>("json") { Description = "What 'compare --json' wrote." };
        var (markdown, chart) = Options();
        var command = new Command("report", "Shows a comparison that was made before, and writes it into the documentation.") { json, markdown, chart };
        command.SetAction(parsed =>
        {
            var report = JsonFile.Read(parsed.GetRequiredValue(json));
            ConsoleReport.Write(console, report);
            Write(report, parsed.GetValue(markdown), parsed.GetValue(chart));
        });
        return command;
    }

    public static (Option<string?> Markdown, Option<string?> Chart) Options() => (
        new Option<string?>("--markdown") { Description = $"Rewrite this file's section between <!-- {Section}:begin --> and <!-- {Section}:end -->.", HelpName = "file" },
        new Option<string?>("--chart") { Description = "Draw the ratios into this SVG file.", HelpName = "file" });

    public static void Write(ComparisonReport report, string? markdown, string? chart)
    {
        if (markdown is not null) Markdown.Replace(markdown, Section, Markdown.Of(report));
        if (chart is not null) File.WriteAllText(chart, Chart.Of(report));
    }
}
