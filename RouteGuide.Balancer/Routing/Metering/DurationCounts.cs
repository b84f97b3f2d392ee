namespace RouteGuide.Balancer.Routing.Metering;

/// <summary>Durations since the start, in the classes that a Prometheus histogram shows. Written by one thread.</summary>
internal sealed class DurationCounts
{
    /// <summary>The upper limits, seconds, each included. Beyond the last there is one more class.</summary>
    public static readonly double[] Bounds = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private static readonly long[] Limits = [.. Bounds.Select(b => (long)Math.Round(b * 1e6)), long.MaxValue];

    // The limits are at least twice as far from each other as those of the finer classes, so of each of these at most one is within.
    private static readonly byte[] First = [.. Enumerable.Range(0, LatencyBuckets.Count).Select(i => (byte)Array.FindIndex(Limits, l => l >= LatencyBuckets.LeastOf(i)))];

    private readonly long[] _counts = new long[Bounds.Length + 1];
    private long _sum;

    /// <summary>How many are in each class, not cumulated.</summary>
    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>Microseconds of all together.</summary>
    public long Sum => _sum;

    /// <param name="microseconds">0 and up.</param>
    public void Add(long microseconds)
    {
        var index = First[LatencyBuckets.IndexOf(microseconds)];
        if (microseconds > Limits[index]) index++;
        _counts[index]++;
        _sum += microseconds;
    }
}
