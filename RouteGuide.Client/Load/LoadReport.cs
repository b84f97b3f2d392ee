using System.Text.Json;
using RouteGuide.Client.Calls;

namespace RouteGuide.Client.Load;

/// <summary>What a load gave, as it stands in the JSON summary. Times are in milliseconds where their names do not say otherwise.</summary>
internal sealed record LoadReport(
    string Address,
    string Method,
    int Concurrency,
    int Connections,
    double? Rate,
    double ElapsedSeconds,
    bool Interrupted,
    long Calls,
    long Failed,
    double CallsPerSecond,
    LoadReport.Latencies LatencyMs,
    IReadOnlyDictionary<string, long> Statuses,
    IReadOnlyList<LoadReport.Replica> Replicas,
    IReadOnlyList<LoadReport.Row> Histogram)
{
    private const int HistogramRows = 20;
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    internal sealed record Latencies(double Mean, double P50, double P90, double P95, double P99, double P999, double Max);

    internal sealed record Replica(string Name, long Calls, double Share);

    internal sealed record Row(double FromMs, double ToMs, long Calls);

    public static LoadReport Of(LoadSettings settings, Uri address, LoadSnapshot snapshot, TimeSpan elapsed, bool interrupted)
    {
        static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

        var latencies = snapshot.Latencies;
        var answered = snapshot.Replicas.Sum(replica => replica.Count);
        return new LoadReport(
            address.GetLeftPart(UriPartial.Authority),
            settings.Method,
            settings.Concurrency,
            settings.Connections,
            settings.Rate,
            Math.Round(elapsed.TotalSeconds, 3),
            interrupted,
            snapshot.Calls,
            snapshot.Failed,
            elapsed > TimeSpan.Zero ? Math.Round(snapshot.Calls / elapsed.TotalSeconds, 1) : 0,
            new Latencies(
                Milliseconds(latencies.Mean),
                Milliseconds(latencies.Percentile(0.5)),
                Milliseconds(latencies.Percentile(0.9)),
                Milliseconds(latencies.Percentile(0.95)),
                Milliseconds(latencies.Percentile(0.99)),
                Milliseconds(latencies.Percentile(0.999)),
                Milliseconds(latencies.Max)),
            snapshot.Statuses.ToDictionary(pair => StatusNames.Of(pair.Status), pair => pair.Count),
            [.. snapshot.Replicas.Select(replica => new Replica(replica.Name, replica.Count, Math.Round((double)replica.Count / answered, 4)))],
            [.. latencies.Rows(HistogramRows).Select(row => new Row(Milliseconds(row.From), Milliseconds(row.To), row.Count))]);
    }

    public string ToJson() => JsonSerializer.Serialize(this, Format);
}
