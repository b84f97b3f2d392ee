using System.Numerics;

namespace RouteGuide.Client.Load;

/// <summary>
/// Counts latencies in buckets that grow with the value: each is at most 1/64 of its value wide, so that percentiles are off by less than
/// 1.6 %. Its size does not depend on how many are counted, and any thread may count.
/// </summary>
internal sealed class LatencyHistogram
{
    // Values below 128 µs have a bucket each; above, each power of two has 64.
    private const int SubBits = 6;
    private const int Sub = 1 << SubBits;

    /// <summary>What is longer is counted as this, in µs: an hour.</summary>
    private const long Longest = 3_600_000_000;

    private static readonly int Size = IndexOf(Longest) + 1;

    private readonly long[] _counts = new long[Size];
    private long _sum;
    private long _max;

    public void Add(TimeSpan latency)
    {
        var microseconds = Math.Clamp((long)latency.TotalMicroseconds, 0, Longest);
        Interlocked.Increment(ref _counts[IndexOf(microseconds)]);
        Interlocked.Add(ref _sum, microseconds);
        for (var seen = Volatile.Read(ref _max); microseconds > seen;)
        {
            var before = Interlocked.CompareExchange(ref _max, microseconds, seen);
            if (before == seen) break;
            seen = before;
        }
    }

    /// <summary>The counts as they are now.</summary>
    public LatencySnapshot Snapshot()
    {
        var counts = new long[Size];
        for (var i = 0; i < Size; i++) counts[i] = Volatile.Read(ref _counts[i]);
        return new LatencySnapshot(counts, Interlocked.Read(ref _sum), Interlocked.Read(ref _max));
    }

    /// <summary>The largest value of a bucket, in µs.</summary>
    public static long UpperBound(int index)
    {
        if (index < 2 * Sub) return index;
        var shift = (index >> SubBits) - 1;
        return ((long)((index & (Sub - 1)) + Sub + 1) << shift) - 1;
    }

    private static int IndexOf(long microseconds)
    {
        if (microseconds < 2 * Sub) return (int)microseconds;
        var shift = BitOperations.Log2((ulong)microseconds) - SubBits;
        return (shift << SubBits) + (int)(microseconds >> shift);
    }
}
