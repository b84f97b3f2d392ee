namespace RouteGuide.Dashboard.Telemetry.Metrics;

/// <summary>Histograms added up, and what can be said of their measurements: no more exactly than their buckets are wide.</summary>
internal sealed class HistogramSum
{
    private readonly SortedDictionary<double, ulong> _byUpper = [];
    private double[]? _bounds;
    private ulong[] _buckets = [];

    public ulong Count { get; private set; }

    public double Sum { get; private set; }

    /// <summary>The least of all; not a number where nobody told.</summary>
    public double Min { get; private set; } = double.NaN;

    /// <summary>The most of all; not a number where nobody told.</summary>
    public double Max { get; private set; } = double.NaN;

    public void Add(MetricPoint point)
    {
        Count += point.Count;
        Sum += point.Value;
        Min = double.IsNaN(Min) ? point.Min : double.IsNaN(point.Min) ? Min : Math.Min(Min, point.Min);
        Max = double.IsNaN(Max) ? point.Max : double.IsNaN(point.Max) ? Max : Math.Max(Max, point.Max);
        if (point.Bounds is not { } bounds || point.Buckets is not { } buckets) return;
        if (_bounds is null) (_bounds, _buckets) = (bounds, new ulong[buckets.Length]);
        if (ReferenceEquals(_bounds, bounds) || _bounds.AsSpan().SequenceEqual(bounds))
        {
            for (var i = 0; i < buckets.Length; i++) _buckets[i] += buckets[i];
            return;
        }

        for (var i = 0; i < buckets.Length; i++) AddTo(_byUpper, i < bounds.Length ? bounds[i] : double.PositiveInfinity, buckets[i]);
    }

    /// <summary>The value that a share of the measurements does not exceed; null where there are no buckets. Within a bucket they are taken to lie evenly.</summary>
    /// <param name="share">From 0 to 1.</param>
    public double? Quantile(double share)
    {
        var (uppers, counts) = Merged();
        var total = counts.Aggregate(0UL, (sum, count) => sum + count);
        if (total == 0) return null;
        var rank = share * total;
        ulong below = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] == 0 || below + counts[i] < rank)
            {
                below += counts[i];
                continue;
            }

            var lower = i > 0 ? uppers[i - 1] : !double.IsNaN(Min) ? Math.Min(Min, uppers[0]) : Math.Min(0, uppers[0]);
            // The last bucket has no end but the largest measurement.
            var upper = double.IsFinite(uppers[i]) ? uppers[i] : !double.IsNaN(Max) ? Math.Max(Max, lower) : lower;
            var value = double.IsFinite(lower) ? lower + ((upper - lower) * Math.Max(0, rank - below) / counts[i]) : upper;
            return double.IsNaN(Max) ? value : Math.Min(value, Max);
        }

        return double.IsNaN(Max) ? uppers.LastOrDefault(double.IsFinite) : Max;
    }

    private (double[] Uppers, ulong[] Counts) Merged()
    {
        double[] uppers = [.. _bounds ?? [], double.PositiveInfinity];
        if (_byUpper.Count == 0) return (uppers, _bounds is null ? [] : _buckets);
        var all = new SortedDictionary<double, ulong>(_byUpper);
        for (var i = 0; i < _buckets.Length; i++) AddTo(all, uppers[i], _buckets[i]);
        return ([.. all.Keys], [.. all.Values]);
    }

    private static void AddTo(SortedDictionary<double, ulong> counts, double upper, ulong count) => counts[upper] = counts.GetValueOrDefault(upper) + count;
}
