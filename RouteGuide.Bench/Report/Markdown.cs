using System.Globalization;
using System.Text;
using RouteGuide.Bench.Compare;

namespace RouteGuide.Bench.Report;

/// <summary>The report as a section of a Markdown file, between two markers, so that what is written by hand around it stays.</summary>
internal static class Markdown
{
    /// <summary>Puts the section in the place of the one that is there.</summary>
    /// <exception cref="BenchException">The file cannot be used, or has no such section.</exception>
    public static void Replace(string file, string section, string content)
    {
        try
        {
            File.WriteAllText(file, Replaced(File.ReadAllText(file), section, content));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new BenchException($"'{file}' cannot be given the section '{section}': {e.Message}", e);
        }
    }

    /// <exception cref="FormatException">The text has no such section.</exception>
    public static string Replaced(string text, string section, string content)
    {
        var (begin, end) = ($"<!-- {section}:begin -->", $"<!-- {section}:end -->");
        var from = text.IndexOf(begin, StringComparison.Ordinal);
        var to = text.IndexOf(end, StringComparison.Ordinal);
        if (from < 0 || to < from) throw new FormatException($"there is no '{begin}' with '{end}' behind it");
        return $"{text[..(from + begin.Length)]}\n{content.Trim()}\n{text[to..]}";
    }

    /// <summary>Conditions, goals, all figures, and how each proxy was set up.</summary>
    public static string Of(ComparisonReport report)
    {
        var text = new StringBuilder();
        var conditions = report.Conditions;
        text.Append(CultureInfo.InvariantCulture, $"Measured on {conditions.Date}: {conditions.Machine}. Load by {conditions.LoadGenerator}; proxy on processor {conditions.ProxyCpus}, load and\n");
        text.Append(CultureInfo.InvariantCulture, $"backends on {conditions.LoadCpus}; median of {conditions.Rounds} runs of {conditions.Seconds:0} s; {conditions.Configuration} build; 0 failed calls in every row.\n\n");

        text.Append("| scenario | goal, of the best peer | routeguide | best peer | ratio | |\n|---|---|---|---|---|---|\n");
        foreach (var scenario in Scenario.All) Goal(text, report, scenario);
        text.Append('\n');

        text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", ReportTable.Columns)} |\n|{string.Concat(Enumerable.Repeat("---|", ReportTable.Columns.Count))}\n");
        foreach (var (_, rows) in ReportTable.Of(report))
        {
            foreach (var row in rows) text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row)} |\n");
        }

        foreach (var failure in report.Failures) text.Append(CultureInfo.InvariantCulture, $"\nNo result for {failure.Scenario} through {failure.Proxy}: {failure.Reason.Split('\n')[0]}\n");

        text.Append("\n### How each was set up\n");
        foreach (var setup in report.Settings)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n<details><summary>{setup.Proxy} {(setup.Version == "-" ? "" : setup.Version)}</summary>\n\n```text\n{setup.Settings.TrimEnd()}\n```\n\n</details>\n");
        }

        return text.ToString();
    }

    private static void Goal(StringBuilder text, ComparisonReport report, Scenario scenario)
    {
        var own = report.Results.FirstOrDefault(r => r.Scenario == scenario.Name && r.Proxy == "routeguide");
        var best = report.Results.Where(r => r.Scenario == scenario.Name && r is { RatioToBestPeer: not null, Proxy: not "routeguide" }).MinBy(r => r.Value(scenario.Measure));
        if (own is null || best is null) return;
        var verdict = ReportTable.IsMet(report, scenario) switch { true => "met", false => "**not met**", null => "" };
        text.Append(CultureInfo.InvariantCulture, $"| {scenario.Title} | ≤ {scenario.Goal:0.0#} | {ReportTable.Compared(scenario, own)} | {best.Proxy} {ReportTable.Compared(scenario, best)} | {own.RatioToBestPeer:0.00} | {verdict} |\n");
    }
}
