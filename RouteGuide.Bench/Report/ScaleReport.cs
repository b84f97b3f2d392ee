using System.Globalization;
using System.Text;
using RouteGuide.Bench.Compare;

namespace RouteGuide.Bench.Report;

/// <summary>How the cost of a call changes with the number of cores.</summary>
internal static class ScaleReport
{
    /// <summary>A row per scenario and number of cores. What the cores could relay follows from the CPU of a call, and is said to.</summary>
    public static string Markdown(IReadOnlyList<(int Cores, ComparisonReport Report)> reports)
    {
        var text = new StringBuilder();
        var conditions = reports[^1].Report.Conditions;
        text.Append(CultureInfo.InvariantCulture, $"Measured on {conditions.Date}: {conditions.Machine}; median of {conditions.Rounds} runs of {conditions.Seconds:0} s.\n\n");
        text.Append("| scenario | cores and loops | load on | CPU | against one core | calls/s measured | calls/s that the CPU allows |\n|---|---|---|---|---|---|---|\n");
        foreach (var scenario in Scenario.All)
        {
            var one = Row(reports[0].Report, scenario)?.Value(scenario.Measure);
            foreach (var (cores, report) in reports)
            {
                if (Row(report, scenario) is not { } row || Micros(scenario, row) is not { } micros) continue;
                var where = report.Conditions.ProxyCpus.Split(',').Intersect(report.Conditions.LoadCpus.Split(',')).Any() ? "the same cores" : "a core of its own";
                text.Append(CultureInfo.InvariantCulture, $"| {scenario.Name} | {cores} | {where} | {ReportTable.Compared(scenario, row)} | {row.Value(scenario.Measure) / one:0.00} × | {row.CallsPerSecond:N0} | {cores * 1e6 / micros:N0} |\n");
            }
        }

        foreach (var (cores, report) in reports)
        {
            foreach (var failure in report.Failures) text.Append(CultureInfo.InvariantCulture, $"\nNo result for {failure.Scenario} on {cores} cores: {failure.Reason.Split('\n')[0]}\n");
        }

        return text.ToString();
    }

    private static ResultRow? Row(ComparisonReport report, Scenario scenario) => report.Results.FirstOrDefault(r => r.Scenario == scenario.Name);

    private static double? Micros(Scenario scenario, ResultRow row) => row.CpuMicrosPerCall ?? (row.CpuMillisPerMegabyte * 1e3 * scenario.Shape.ResponseSize / 1e6);
}
