namespace RouteGuide.Balancer.Routing;

/// <summary>
/// How the attempts at a target ended. A good one costs nothing but a look: their number follows from what the target counts anyway. Any thread.
/// </summary>
internal sealed class OutcomeTally
{
    private int _streak;
    private long _failures;
    private long _neutral;
    private long _eventAt = long.MinValue;

    /// <summary>Failures since the last good attempt.</summary>
    public int Streak => Volatile.Read(ref _streak);

    /// <summary>Its failures stand out from those of its peers.</summary>
    public bool IsAnomalous { get; set; }

    /// <summary>An attempt ended well.</summary>
    public void OnGood()
    {
        if (Volatile.Read(ref _streak) != 0) Volatile.Write(ref _streak, 0);
    }

    /// <summary>An attempt ended in a way that says nothing.</summary>
    public void OnNeutral() => Interlocked.Increment(ref _neutral);

    /// <summary>An attempt failed.</summary>
    /// <returns>So many in a row.</returns>
    public int OnFailure()
    {
        Interlocked.Increment(ref _failures);
        return Interlocked.Increment(ref _streak);
    }

    /// <summary>A connection failed. All its calls fail with it, so within a while this counts once.</summary>
    /// <param name="now">Any unit that runs evenly.</param>
    /// <param name="within">In the same unit.</param>
    /// <returns>False if it was counted already.</returns>
    public bool IsNewEvent(long now, long within)
    {
        var before = Volatile.Read(ref _eventAt);
        return (before == long.MinValue || now - before >= within) && Interlocked.CompareExchange(ref _eventAt, now, before) == before;
    }

    /// <summary>What came before counts no more.</summary>
    public void Forgive() => Volatile.Write(ref _streak, 0);

    /// <summary>All that ended until now.</summary>
    public TallyCount Count(Target target)
    {
        var (failures, neutral) = (Interlocked.Read(ref _failures), Interlocked.Read(ref _neutral));
        // Those that have just begun count in neither; a little less is better than more than there were.
        return new TallyCount(failures, Math.Max(failures, target.Total - target.InFlight - neutral));
    }
}

/// <summary>Attempts that ended and say something about the target.</summary>
/// <param name="Failures">That failed.</param>
/// <param name="Volume">In all.</param>
internal readonly record struct TallyCount(double Failures, double Volume)
{
    private const double LeastFailures = 5;

    // Chance alone comes so far once in 30,000 comparisons; with others that were chosen because they are good, once in a thousand.
    private const double StandardErrors = 4;

    /// <summary>The failed part; 0 of nothing.</summary>
    public double Share => Volume > 0 ? Failures / Volume : 0;

    public static TallyCount operator +(TallyCount a, TallyCount b) => new(a.Failures + b.Failures, a.Volume + b.Volume);

    public static TallyCount operator -(TallyCount a, TallyCount b) => new(a.Failures - b.Failures, a.Volume - b.Volume);

    public static TallyCount operator *(TallyCount a, double factor) => new(a.Failures * factor, a.Volume * factor);

    /// <summary>
    /// Whether more of these fail than of others, by enough to matter and by more than chance explains: the usual test of two shares, which is
    /// good from a handful of failures on.
    /// </summary>
    public bool IsWorseThan(TallyCount others, double gap)
    {
        if (Failures < LeastFailures || others.Volume <= 0) return false;
        var difference = Share - others.Share;
        if (difference <= 0 || difference < gap) return false;
        var all = (this + others).Share;
        return difference * difference >= StandardErrors * StandardErrors * all * (1 - all) * (1 / Volume + 1 / others.Volume);
    }
}
