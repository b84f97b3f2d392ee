using System.Globalization;
using RouteGuide.Bench.Compare;

namespace RouteGuide.Bench.Report;

/// <summary>The report's table, cell by cell; the console and the documentation only draw it.</summary>
internal static class ReportTable
{
    private const string Nothing = "";

    public static IReadOnlyList<string> Columns { get; } = ["scenario", "proxy", "CPU", "calls/s", "p50 ms", "p99 ms", "memory MiB", "to best peer", "goal"];

    /// <summary>The rows of each scenario, in the order of the scenarios; what failed has none.</summary>
    public static IEnumerable<(Scenario Scenario, IReadOnlyList<IReadOnlyList<string>> Rows)> Of(ComparisonReport report)
    {
        foreach (var scenario in Scenario.All)
        {
            var rows = report.Results.Where(r => r.Scenario == scenario.Name).Select(r => Cells(scenario, r)).ToList();
            if (rows.Count > 0) yield return (scenario, rows);
        }
    }

    /// <summary>Whether ours reached the goal; null where it cannot be said.</summary>
    public static bool? IsMet(ComparisonReport report, Scenario scenario) =>
        report.Results.FirstOrDefault(r => r.Scenario == scenario.Name && r.Proxy == "routeguide")?.RatioToBestPeer is { } ratio ? ratio <= scenario.Goal : null;

    /// <summary>What is compared, with its unit.</summary>
    public static string Compared(Scenario scenario, ResultRow row) => scenario.Measure switch
    {
        Measure.Latency => $"{Text(row.P50Ms, "0.000")} ms",
        Measure.MemoryPerConnection => $"{Text(row.BytesPerConnection / 1024, "0.0")} KiB",
        _ => Cpu(row),
    };

    private static IReadOnlyList<string> Cells(Scenario scenario, ResultRow row) =>
    [
        scenario.Name,
        row.Proxy,
        Cpu(row),
        Text(row.CallsPerSecond, "N0"),
        row.AddedP50Ms is { } added ? $"{Text(row.P50Ms, "0.000")} (+{Text(added, "0.000")})" : Text(row.P50Ms, "0.000"),
        Text(row.P99Ms, "0.000"),
        row.BytesPerConnection is { } bytes ? $"{Text(row.RssMiB, "0")} ({Text(bytes / 1024, "0.0")} KiB each)" : Text(row.RssMiB, "0"),
        row.RatioToBestPeer is { } ratio ? $"{Text(ratio, "0.00")} ×" : Nothing,
        row is { Proxy: "routeguide", RatioToBestPeer: { } own } ? $"≤ {Text(scenario.Goal, "0.0#")} ×, {(own <= scenario.Goal ? "met" : "not met")}" : Nothing,
    ];

    private static string Cpu(ResultRow row) =>
        row.CpuMicrosPerCall is { } micros ? $"{Text(micros, "0.00")} µs/call"
        : row.CpuMillisPerMegabyte is { } millis ? $"{Text(millis, "0.000")} ms/MB"
        : Nothing;

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? Nothing;
}
