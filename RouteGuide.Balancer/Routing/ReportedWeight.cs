namespace RouteGuide.Balancer.Routing;

/// <summary>
/// The weight that follows from what a target reports of its load, with the rules of gRFC A58: not used until reports have come for a while, as the
/// first ones are of a target that is not warm, and not used when none came for long. Any thread; times are milliseconds of any clock
/// that runs evenly.
/// </summary>
internal sealed class ReportedWeight
{
    private const long Never = long.MinValue;

    private double _weight;
    private long _since = Never;
    private long _last = Never;

    /// <summary>A report has come.</summary>
    /// <param name="weight">That follows from it, above 0.</param>
    /// <param name="nowMs">When.</param>
    public void Set(double weight, long nowMs)
    {
        Interlocked.CompareExchange(ref _since, nowMs, Never);
        Interlocked.Exchange(ref _weight, weight);
        Volatile.Write(ref _last, nowMs);
    }

    /// <summary>The weight; 0 if there is none that may be used.</summary>
    public double At(long nowMs, long blackoutMs, long expiryMs)
    {
        var last = Volatile.Read(ref _last);
        if (last == Never) return 0;
        if (nowMs - last >= expiryMs)
        {
            // What comes next begins anew, blackout and all.
            Volatile.Write(ref _since, Never);
            return 0;
        }

        var since = Volatile.Read(ref _since);
        return since == Never || nowMs - since < blackoutMs ? 0 : Volatile.Read(ref _weight);
    }
}
