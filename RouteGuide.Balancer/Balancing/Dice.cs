namespace RouteGuide.Balancer.Balancing;

/// <summary>
/// Random numbers for many threads at once, without a lock: SplitMix64 (Steele et al., OOPSLA 2014), whose whole state is one sum. With the
/// same seed one thread gets the same numbers again. Not for secrets.
/// </summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        var z = Interlocked.Add(ref _state, 0x9E3779B97F4A7C15);
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }

    /// <summary>From 0 to one less than <paramref name="count"/>, of the upper half of random bits.</summary>
    public static int Below(int count, ulong bits) => (int)((bits >> 32) * (uint)count >> 32);

    /// <summary>From 0 to below 1, of the lower half of random bits.</summary>
    public static double Fraction(ulong bits) => (uint)bits * (1 / 4294967296d);
}
