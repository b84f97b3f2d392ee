using System.Globalization;
using System.Text;
using RouteGuide.Client.Terminal;

namespace RouteGuide.Client.Load;

/// <summary>Writes a report for people, in plain text.</summary>
internal static class LoadSummary
{
    private const int BarWidth = 40;

    public static string Of(LoadReport report)
    {
        var text = new StringBuilder();
        var loop = report.Rate is { } rate ? $"{rate:#,0.##} calls/s asked for" : "each after its last";
        Line(text, $"{report.Method} at {report.Address}: {Count(report.Concurrency, "caller")}, {Count(report.Connections, "connection")}, {loop}{(report.Interrupted ? "; interrupted" : "")}");
        Line(text, $"{report.Calls:#,0} calls in {report.ElapsedSeconds:0.0} s, {report.CallsPerSecond:#,0.0} calls/s, {report.Failed:#,0} failed");
        var latency = report.LatencyMs;
        Line(text, $"latency in ms: mean {latency.Mean:0.00}, p50 {latency.P50:0.00}, p90 {latency.P90:0.00}, p95 {latency.P95:0.00}, p99 {latency.P99:0.00}, p99.9 {latency.P999:0.00}, max {latency.Max:0.00}");
        Rows(text, "status", [.. report.Statuses.Select(pair => (pair.Key, pair.Value))], report.Calls);
        Rows(text, "replica", [.. report.Replicas.Select(replica => (replica.Name, replica.Calls))], report.Replicas.Sum(replica => replica.Calls));
        Histogram(text, report.Histogram);
        return text.ToString();
    }

    private static void Rows(StringBuilder text, string title, IReadOnlyList<(string Name, long Count)> rows, long all)
    {
        if (rows.Count == 0) return;
        var width = Math.Max(title.Length, rows.Max(row => row.Name.Length));
        Line(text, "");
        Line(text, $"{title.PadRight(width)} {"calls",12} {"share",8}");
        foreach (var (name, count) in rows) Line(text, $"{Printable.Escape(name).PadRight(width)} {count,12:#,0} {100.0 * count / all,6:0.0} %");
    }

    private static void Histogram(StringBuilder text, IReadOnlyList<LoadReport.Row> rows)
    {
        if (rows.Count == 0) return;
        var most = rows.Max(row => row.Calls);
        Line(text, "");
        Line(text, $"{"latency in ms",-21} {"calls",12}");
        foreach (var row in rows)
        {
            var bar = (int)Math.Ceiling((double)BarWidth * row.Calls / most);
            Line(text, $"{row.FromMs,9:0.000} – {row.ToMs,9:0.000} {row.Calls,12:#,0} {new string('█', bar)}".TrimEnd());
        }
    }

    private static string Count(int number, string what) => $"{number} {what}{(number == 1 ? "" : "s")}";

    private static void Line(StringBuilder text, string line) => text.Append(CultureInfo.InvariantCulture, $"{line}\n");
}
