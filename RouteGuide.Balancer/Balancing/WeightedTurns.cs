namespace RouteGuide.Balancer.Balancing;

/// <summary>
/// The order in which targets with weights have their turns: after any number of turns each has had its share to within one, and after a
/// whole round exactly. It is worked out once, so that a turn costs one look. A target's k-th turn of a round belongs between the moments at
/// which a perfectly even flow has given it k and k+1; of those whose turn may come, the one whose turn must come first is next. That
/// always works out, as the turns together fill the time exactly (Baruah et al., "Proportionate progress", 1996).
/// </summary>
internal static class WeightedTurns
{
    /// <summary>Turns of a round at most. Weights that need a longer one are rounded.</summary>
    public const int MaxLength = 16_384;

    private const int RoughLength = 1_024;

    /// <summary>The places of the weights, as their turns come.</summary>
    public static int[] Make(ReadOnlySpan<double> weights)
    {
        var counts = Counts(weights);
        var length = counts.Sum();
        var turns = new int[length];
        var given = new int[counts.Length];
        var coming = new PriorityQueue<int, (long Moment, int Place)>();
        var ready = new PriorityQueue<int, (long Moment, int Place)>();
        for (var i = 0; i < counts.Length; i++) coming.Enqueue(i, (0, i));
        for (var t = 0; t < length; t++)
        {
            while (coming.TryPeek(out var i, out var from) && from.Moment <= t)
            {
                coming.Dequeue();
                ready.Enqueue(i, (((given[i] + 1L) * length + counts[i] - 1) / counts[i], i));
            }

            var next = turns[t] = ready.Dequeue();
            if (++given[next] < counts[next]) coming.Enqueue(next, ((long)given[next] * length / counts[next], next));
        }

        return turns;
    }

    // How often each comes in a round: the weights in lowest terms if they are whole numbers, as configured ones are.
    private static int[] Counts(ReadOnlySpan<double> weights)
    {
        var (sum, divisor, whole) = (0d, 0L, true);
        foreach (var weight in weights)
        {
            sum += weight;
            whole &= weight <= int.MaxValue && weight == Math.Floor(weight);
            if (whole) divisor = Divisor(divisor, (long)weight);
        }

        var rough = Math.Min(MaxLength, Math.Max(RoughLength, 16 * weights.Length)) / sum;
        var exact = whole && sum / divisor <= MaxLength;
        var counts = new int[weights.Length];
        for (var i = 0; i < counts.Length; i++) counts[i] = exact ? (int)((long)weights[i] / divisor) : Math.Max(1, (int)Math.Round(weights[i] * rough));
        return counts;
    }

    private static long Divisor(long a, long b) => b == 0 ? a : Divisor(b, a % b);
}
