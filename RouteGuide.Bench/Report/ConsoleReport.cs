using Spectre.Console;

namespace RouteGuide.Bench.Report;

/// <summary>The report on the console.</summary>
internal static class ConsoleReport
{
    public static void Write(IAnsiConsole console, ComparisonReport report)
    {
        var conditions = report.Conditions;
        foreach (var setup in report.Settings.Where(s => s.Proxy != "none"))
        {
            console.WriteLine($"\n--- {setup.Proxy} {setup.Version}: {setup.Settings.TrimEnd()}");
        }

        var table = new Table { Border = TableBorder.Rounded };
        foreach (var column in ReportTable.Columns) table.AddColumn(new TableColumn(Markup.Escape(column)) { Alignment = column is "scenario" or "proxy" or "goal" ? Justify.Left : Justify.Right, NoWrap = true });
        foreach (var (scenario, rows) in ReportTable.Of(report))
        {
            if (table.Rows.Count > 0) table.AddEmptyRow();
            foreach (var row in rows) table.AddRow([.. row.Select((cell, i) => i == row.Count - 1 && cell.Length > 0 ? $"[{(ReportTable.IsMet(report, scenario) == true ? "green" : "red")}]{Markup.Escape(cell)}[/]" : Markup.Escape(cell))]);
        }

        console.WriteLine($"\n{conditions.Date}, {conditions.Machine}\n{conditions.LoadGenerator}; proxy on processor {conditions.ProxyCpus}, load and backends on {conditions.LoadCpus}; median of {conditions.Rounds} runs of {conditions.Seconds:0} s");
        console.Write(table);
        foreach (var failure in report.Failures) console.MarkupLineInterpolated($"[red]No result for {failure.Scenario} through {failure.Proxy}: {failure.Reason}[/]");
    }
}
