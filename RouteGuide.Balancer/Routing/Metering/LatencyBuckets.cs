using System.Numerics;

namespace RouteGuide.Balancer.Routing.Metering;

/// <summary>
/// Classes of durations, four to each power of two of microseconds: a quantile read from them is at most an eighth off, whatever the
/// durations are, and finding a class takes a few instructions.
/// </summary>
internal static class LatencyBuckets
{
    /// <summary>Up to 2^28 microseconds, four and a half minutes; longer ones are in the last class.</summary>
    public const int Count = 108;

    /// <summary>The class of a duration.</summary>
    /// <param name="microseconds">0 and up.</param>
    public static int IndexOf(long microseconds)
    {
        if (microseconds < 4) return (int)Math.Max(0, microseconds);
        var log = BitOperations.Log2((ulong)microseconds);
        return Math.Min(Count - 1, (log - 1) * 4 + (int)((microseconds >> (log - 2)) & 3));
    }

    /// <summary>The least duration of a class, microseconds.</summary>
    public static long LeastOf(int index) => index < 4 ? index : (4L + index % 4) << (index / 4 - 1);

    /// <summary>The duration that a share of all is not above, microseconds, between the limits of its class by proportion. NaN if there is none.</summary>
    /// <param name="counts">How many are in each class.</param>
    /// <param name="share">Above 0 to 1: 0.99 for the 99th percentile.</param>
    public static double Quantile(ReadOnlySpan<long> counts, double share)
    {
        var total = 0L;
        foreach (var count in counts) total += count;
        if (total == 0) return double.NaN;
        var rank = share * total;
        var below = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0 && below + counts[i] >= rank)
            {
                var least = LeastOf(i);
                return least + (rank - below) / counts[i] * (LeastOf(i + 1) - least);
            }

            below += counts[i];
        }

        return LeastOf(counts.Length);
    }
}
