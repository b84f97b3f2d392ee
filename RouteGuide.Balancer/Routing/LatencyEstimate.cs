namespace RouteGuide.Balancer.Routing;

/// <summary>
/// How long a target takes to answer, as far as is known: a mean in which what is old counts less and less ("exponentially weighted", EWMA),
/// except that a longer time than the mean becomes the mean at once (a "peak"). Any thread; one word, so that nobody sees half of it.
/// </summary>
internal sealed class LatencyEstimate
{
    // The least mean, so that targets that have long been idle are alike and not at nothing: 1 µs.
    private const float Least = 10;

    // The mean, in ticks of 100 ns as a float, and above it the moment, in milliseconds; all zero: nothing is known.
    private long _state;

    /// <summary>The mean now, in ticks of 100 ns. It shrinks while nothing is learned, so that a target which was slow is tried again. 0: nothing is known.</summary>
    /// <param name="nowMs">Of any clock that runs evenly; always the same one.</param>
    /// <param name="decayMs">In which it shrinks to 1/e.</param>
    public double At(long nowMs, double decayMs)
    {
        var state = Volatile.Read(ref _state);
        return state == 0 ? 0 : Math.Max(Least, Mean(state) * Kept(state, nowMs, decayMs));
    }

    /// <summary>An answer came.</summary>
    public void Observe(double ticks, long nowMs, double decayMs)
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            var sample = (float)Math.Max(Least, ticks);
            if (state != 0 && sample < Mean(state))
            {
                var kept = Kept(state, nowMs, decayMs);
                if (kept == 1) return;
                sample = (float)(Mean(state) * kept + sample * (1 - kept));
            }

            if (Interlocked.CompareExchange(ref _state, Pack(sample, nowMs), state) == state) return;
        }
    }

    /// <summary>It takes as long as this at least; nothing is known if it takes longer.</summary>
    public void Raise(double ticks, long nowMs, double decayMs)
    {
        if (ticks > At(nowMs, decayMs)) Observe(ticks, nowMs, decayMs);
    }

    private static float Mean(long state) => BitConverter.Int32BitsToSingle((int)state);

    // The count of milliseconds turns over after 49 days; half of that is the past, half the future, which is a clock that went back.
    private static double Kept(long state, long nowMs, double decayMs) => (int)nowMs - (int)(state >> 32) is > 0 and var elapsed ? Math.Exp(-elapsed / decayMs) : 1;

    private static long Pack(float mean, long nowMs) => (nowMs << 32) | (uint)BitConverter.SingleToInt32Bits(mean);
}
