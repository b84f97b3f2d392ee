namespace RouteGuide.Client.Load;

/// <summary>Latencies counted so far.</summary>
/// <param name="counts">How many in each bucket of <see cref="LatencyHistogram"/>.</param>
/// <param name="sum">Of all values, in µs.</param>
/// <param name="max">The largest value, in µs.</param>
internal sealed class LatencySnapshot(long[] counts, long sum, long max)
{
    public long Count { get; } = counts.Sum();

    public TimeSpan Mean => TimeSpan.FromMicroseconds(Count == 0 ? 0 : (double)sum / Count);

    public TimeSpan Max => TimeSpan.FromMicroseconds(max);

    /// <summary>The value that a share of all values does not exceed; zero where nothing was counted.</summary>
    /// <param name="share">From 0 to 1.</param>
    public TimeSpan Percentile(double share)
    {
        var wanted = Math.Max(1, (long)Math.Ceiling(share * Count));
        long passed = 0;
        for (var i = 0; i < counts.Length && Count > 0; i++)
        {
            passed += counts[i];
            if (passed >= wanted) return TimeSpan.FromMicroseconds(Math.Min(LatencyHistogram.UpperBound(i), max));
        }

        return TimeSpan.Zero;
    }

    /// <summary>What was counted since an earlier snapshot of the same histogram; its largest value is not known and taken from this one.</summary>
    public LatencySnapshot Since(LatencySnapshot earlier)
    {
        var (now, before) = (counts, earlier.Counts);
        return new LatencySnapshot([.. now.Zip(before, (a, b) => a - b)], sum - earlier.Sum, max);
    }

    /// <summary>The counts in at most so many rows of equal width on a logarithmic scale, from the first to the last value.</summary>
    public IReadOnlyList<HistogramRow> Rows(int most)
    {
        var first = Array.FindIndex(counts, count => count > 0);
        if (first < 0) return [];
        var last = Array.FindLastIndex(counts, count => count > 0);
        var width = ((last - first) / most) + 1;
        return
        [
            .. Enumerable.Range(0, ((last - first) / width) + 1).Select(row =>
            {
                var (from, to) = (first + (row * width), Math.Min(last, first + ((row + 1) * width) - 1));
                return new HistogramRow(
                    TimeSpan.FromMicroseconds(from == 0 ? 0 : LatencyHistogram.UpperBound(from - 1) + 1),
                    TimeSpan.FromMicroseconds(LatencyHistogram.UpperBound(to)),
                    counts.AsSpan(from..(to + 1)).ToArray().Sum());
            }),
        ];
    }

    private long[] Counts => counts;

    private long Sum => sum;
}

/// <summary>Values from one latency to another, both included.</summary>
internal sealed record HistogramRow(TimeSpan From, TimeSpan To, long Count);
