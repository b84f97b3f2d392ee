namespace RouteGuide.Dashboard.Telemetry.Metrics;

/// <summary>Values at even steps of time.</summary>
/// <param name="End">The end of the last step, in milliseconds since 1970.</param>
/// <param name="Step">Milliseconds from one to the next.</param>
/// <param name="Count">How many steps.</param>
internal sealed record TimeGrid(long End, long Step, int Count)
{
    // Reports are on their way for a moment; a step that still misses some would look like a dip.
    private const long Underway = 1_500;

    public long Start => End - (Step * Count);

    public long[] Times => [.. Enumerable.Range(1, Count).Select(i => Start + (i * Step))];

    /// <summary>The step that a time falls into; the time at which a step ends belongs to it. Below 0 or beyond the count where it is outside.</summary>
    public int IndexOf(long time) => (int)Math.Clamp(Math.DivRem(time - Start - 1, Step).Quotient - (time <= Start ? 1 : 0), -1, Count);

    /// <summary>A grid for a window that ends now.</summary>
    /// <param name="now">Milliseconds since 1970.</param>
    /// <param name="window">Milliseconds.</param>
    /// <param name="points">The most steps that there may be.</param>
    /// <param name="interval">Milliseconds between reports: finer steps would show gaps.</param>
    public static TimeGrid Of(long now, long window, int points, long interval)
    {
        var step = Math.Max((window + points - 1) / points, Math.Min(interval, window / 4));
        step = Math.Max(1, (step + 999) / 1000) * 1000;
        return new TimeGrid((now - Underway) / step * step, step, (int)Math.Max(1, window / step));
    }
}

/// <summary>Turns the points of series into lines of a chart.</summary>
/// <param name="grid">The steps.</param>
internal sealed class ChartBuilder(TimeGrid grid)
{
    public static readonly (string Name, double Share)[] Percentiles = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)];

    /// <summary>How much was added per step, evenly over the time that each report is about; null where nobody reported.</summary>
    public double?[] Increases(IReadOnlyList<MetricSeries> series, Func<MetricPoint, double> value)
    {
        var sums = Seen(series);
        foreach (var point in series.SelectMany(one => one.Points))
        {
            var from = Math.Min(point.From, point.Time - 1);
            if (point.Time <= grid.Start || from >= grid.End) continue;
            var (first, last) = (Math.Max(0, grid.IndexOf(from + 1)), Math.Min(grid.Count - 1, grid.IndexOf(point.Time)));
            for (var i = first; i <= last; i++)
            {
                var begin = grid.Start + (i * grid.Step);
                var overlap = Math.Min(point.Time, begin + grid.Step) - Math.Max(from, begin);
                if (overlap > 0) sums[i] = (sums[i] ?? 0) + (value(point) * overlap / (point.Time - from));
            }
        }

        return sums;
    }

    /// <summary>How much there was at the end of each step, all series together; null where nobody reported.</summary>
    public double?[] Levels(IReadOnlyList<MetricSeries> series)
    {
        var sums = new double?[grid.Count];
        foreach (var one in series)
        {
            var points = one.Points.ToArray();
            var next = 0;
            double? level = null;
            for (var i = 0; i < grid.Count; i++)
            {
                var end = grid.Start + ((i + 1) * grid.Step);
                while (next < points.Length && points[next].Time <= end) level = points[next++].Value;
                // Who has not reported for a while is gone, and his share with him.
                if (level is { } value && one.LastSeen + Math.Max(grid.Step, 2 * one.Interval) >= end) sums[i] = (sums[i] ?? 0) + value;
            }
        }

        return sums;
    }

    /// <summary>What a share of the measurements of each step did not exceed; null where there were none.</summary>
    public IReadOnlyList<(string Name, double?[] Values)> Quantiles(IReadOnlyList<MetricSeries> series)
    {
        var sums = new HistogramSum?[grid.Count];
        foreach (var point in series.SelectMany(one => one.Points))
        {
            var i = grid.IndexOf(point.Time);
            if (i >= 0 && i < grid.Count) (sums[i] ??= new HistogramSum()).Add(point);
        }

        return [.. Percentiles.Select(percentile => (percentile.Name, sums.Select(sum => sum?.Quantile(percentile.Share)).ToArray()))];
    }

    // 0 where somebody reported, for what he reports is what has changed.
    private double?[] Seen(IReadOnlyList<MetricSeries> series)
    {
        var seen = new double?[grid.Count];
        foreach (var one in series)
        {
            var last = Math.Min(grid.Count - 1, grid.IndexOf(one.LastSeen));
            for (var i = Math.Max(0, grid.IndexOf(one.FirstSeen)); i <= last; i++) seen[i] = 0;
        }

        return seen;
    }
}
