using RouteGuide.Client.Calls;
using RouteGuide.Client.Terminal;
using Spectre.Console;

namespace RouteGuide.Client.Load;

/// <summary>The state of a load at one moment, beside that of a second ago.</summary>
/// <param name="Elapsed">Since its start.</param>
/// <param name="Total">All that was counted.</param>
/// <param name="Last">Latencies since the last time this was shown.</param>
/// <param name="CallsPerSecond">In the same time.</param>
internal sealed record LoadMoment(TimeSpan Elapsed, LoadSnapshot Total, LatencySnapshot Last, double CallsPerSecond)
{
    /// <summary>As one line without control codes.</summary>
    public string Line() =>
        $"{Elapsed.TotalSeconds,5:0} s {CallsPerSecond,10:#,0} calls/s   p50 {Last.Percentile(0.5).TotalMilliseconds,8:0.00} ms   p99 {Last.Percentile(0.99).TotalMilliseconds,8:0.00} ms   {Total.Failed:#,0} failed";

    /// <summary>As a table for a terminal.</summary>
    public Table Table(string title)
    {
        var table = new Table { Title = new TableTitle(Markup.Escape(title)), Caption = new TableTitle("Ctrl+C ends it"), Border = TableBorder.Rounded };
        table.AddColumns("", "now", "so far");
        table.Columns[1].RightAligned();
        table.Columns[2].RightAligned();
        table.AddRow("time", "", $"{Elapsed.TotalSeconds:0} s");
        table.AddRow("calls", $"{CallsPerSecond:#,0}/s", $"{Total.Calls:#,0}");
        table.AddRow("p50", Time(Last.Percentile(0.5)), Time(Total.Latencies.Percentile(0.5)));
        table.AddRow("p99", Time(Last.Percentile(0.99)), Time(Total.Latencies.Percentile(0.99)));
        foreach (var (status, count) in Total.Statuses.Where(pair => pair.Status != Grpc.Core.StatusCode.OK)) table.AddRow($"[red]{StatusNames.Of(status)}[/]", "", $"[red]{count:#,0}[/]");
        if (Total.Failed == 0) table.AddRow("failed", "", "[green]0[/]");
        var answered = Total.Replicas.Sum(replica => replica.Count);
        foreach (var (name, count) in Total.Replicas) table.AddRow(Markup.Escape(Printable.Escape(name)), $"{100.0 * count / answered:0.0} %", $"{count:#,0}");
        return table;
    }

    private static string Time(TimeSpan time) => $"{time.TotalMilliseconds:0.00} ms";
}
