using RouteGuide.Bench.Compare;

namespace RouteGuide.Bench.Report;

/// <summary>The arithmetic of the report.</summary>
internal static class Ratios
{
    /// <summary>The middle value, the mean of the two middle ones of an even number, or null for none.</summary>
    public static double? Median(IReadOnlyCollection<double> values)
    {
        if (values.Count == 0) return null;
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Fills in what follows from other rows: the ratio to the best peer of the scenario, and what a proxy adds to a call's time.</summary>
    /// <param name="rows">The measured rows.</param>
    /// <param name="scenarios">What is compared in each.</param>
    /// <param name="peers">The proxies that count as peers.</param>
    public static IReadOnlyList<ResultRow> Fill(IReadOnlyList<ResultRow> rows, IReadOnlyList<Scenario> scenarios, IReadOnlySet<string> peers)
    {
        return [.. rows.Select(Fill)];

        ResultRow Fill(ResultRow row)
        {
            var measure = scenarios.First(s => s.Name == row.Scenario).Measure;
            var same = rows.Where(r => r.Scenario == row.Scenario).ToList();
            var best = same.Where(r => peers.Contains(r.Proxy)).Min(r => r.Value(measure));
            var bare = same.Find(r => r.Proxy == "none")?.P50Ms;
            return row with
            {
                RatioToBestPeer = row.Proxy != "none" && best > 0 && row.Value(measure) is { } value ? Math.Round(value / best.Value, 3) : null,
                AddedP50Ms = measure is Measure.Latency && row.Proxy != "none" && row.P50Ms is { } p50 && bare is { } without ? Math.Round(p50 - without, 3) : null,
            };
        }
    }
}
