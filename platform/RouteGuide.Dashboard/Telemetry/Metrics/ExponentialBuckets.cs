using System.Runtime.InteropServices;
using OpenTelemetry.Proto.Metrics.V1;

namespace RouteGuide.Dashboard.Telemetry.Metrics;

/// <summary>The buckets of exponential histograms: bucket i ends at 2^((i+1)·2^-scale) (OTLP, ExponentialHistogramDataPoint).</summary>
internal static class ExponentialBuckets
{
    /// <summary>Set in the number that stands for bounds that are no powers, so that it is never taken for a scale.</summary>
    public const int NoScale = 1 << 30;

    /// <summary>The number of the bucket of what is not positive, which no scale moves; when counts are laid out it is the first.</summary>
    public const int NotPositive = int.MaxValue;

    private const int MaxBuckets = 1_024;
    private const int MinScale = -10;
    private const int MaxScale = 20;

    /// <summary>A report in buckets with bounds; null if it cannot be. What is not positive falls into the first of them.</summary>
    public static HistogramShape? Of(ExponentialHistogramDataPoint point)
    {
        var positive = point.Positive?.BucketCounts;
        if (point.Scale is < MinScale or > MaxScale || positive?.Count > MaxBuckets || point.Negative?.BucketCounts.Count > MaxBuckets) return null;
        var offset = point.Positive?.Offset ?? 0;
        if (offset is < -(1 << 28) or > 1 << 28) return null;

        var buckets = new Dictionary<int, ulong>();
        var notPositive = point.ZeroCount;
        foreach (var count in point.Negative?.BucketCounts ?? []) notPositive += count;
        var first = offset - 2;
        if (notPositive > 0) buckets[NotPositive] = notPositive;
        for (var i = 0; i < (positive?.Count ?? 0); i++)
        {
            if (positive![i] > 0) buckets[offset + i] = positive[i];
        }

        // One bucket up to 0, one up to where the first begins, and then theirs.
        var bounds = new double[(positive?.Count ?? 0) + 2];
        for (var i = 1; i < bounds.Length; i++) bounds[i] = Upper(offset + i - 2, point.Scale);
        for (var i = 1; i < bounds.Length; i++)
        {
            if (!double.IsFinite(bounds[i]) || bounds[i] <= bounds[i - 1]) return null;
        }

        var sums = new Accumulated(point.StartTimeUnixNano, double.IsFinite(point.Sum) ? point.Sum : 0, point.Count, buckets, point.Scale);
        return new HistogramShape(sums, bounds, first, point.HasMin ? point.Min : double.NaN, point.HasMax ? point.Max : double.NaN);
    }

    /// <summary>Counts in the buckets of a coarser scale; null where there is no way.</summary>
    public static Dictionary<int, ulong>? TryRescale(Dictionary<int, ulong> buckets, int from, int to)
    {
        if (to > from || (from & NoScale) != 0 || (to & NoScale) != 0) return null;
        var rescaled = new Dictionary<int, ulong>();
        foreach (var (bucket, count) in buckets) CollectionsMarshal.GetValueRefOrAddDefault(rescaled, bucket == NotPositive ? bucket : bucket >> Math.Min(31, from - to), out _) += count;
        return rescaled;
    }

    private static double Upper(int bucket, int scale) => Math.Pow(2, (bucket + 1) * Math.Pow(2, -scale));
}
