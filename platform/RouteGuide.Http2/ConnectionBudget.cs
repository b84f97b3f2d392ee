namespace RouteGuide.Http2;

/// <summary>
/// Everything that a peer may do too often, counted in one place: one bucket per <see cref="AbuseKind"/>. A peer that empties one is
/// disconnected with ENHANCE_YOUR_CALM. The rates are far above what the busiest honest peers were seen to need.
/// </summary>
internal sealed class ConnectionBudget
{
    private static readonly int Kinds = Enum.GetValues<AbuseKind>().Length;

    private readonly TokenBucket[] _buckets = new TokenBucket[Kinds];

    public ConnectionBudget(Http2Limits limits)
    {
        Set(AbuseKind.Ping, limits.PingRate);
        Set(AbuseKind.Settings, limits.SettingsRate);
        Set(AbuseKind.WindowUpdate, limits.WindowUpdateRate);
        Set(AbuseKind.Ignored, limits.IgnoredFrameRate);
        Set(AbuseKind.EmptyData, limits.EmptyDataRate);
        Set(AbuseKind.SmallData, limits.SmallDataRate);
        Set(AbuseKind.Padding, limits.PaddingRate);
        Set(AbuseKind.Continuation, limits.ContinuationRate);
        Set(AbuseKind.PeerReset, limits.PeerResetRate);
        Set(AbuseKind.LocalReset, limits.LocalResetRate);
        Set(AbuseKind.ClosedStream, limits.ClosedStreamRate);
        Set(AbuseKind.Interim, limits.InterimRate);
    }

    /// <summary>Counts something.</summary>
    /// <param name="kind">What happened.</param>
    /// <param name="count">How often, or how many octets.</param>
    /// <param name="nowMs">Milliseconds of a monotonic clock.</param>
    /// <exception cref="Http2ConnectionException">ENHANCE_YOUR_CALM: too much of it.</exception>
    public void Spend(AbuseKind kind, int count, long nowMs)
    {
        if (!_buckets[(int)kind].TryTake(count, nowMs)) throw new Http2ConnectionException(Http2ErrorCode.EnhanceYourCalm, $"too much of {kind}");
    }

    /// <summary>Gives back for good conduct.</summary>
    public void Earn(AbuseKind kind, int count) => _buckets[(int)kind].Earn(count);

    private void Set(AbuseKind kind, Rate rate) => _buckets[(int)kind] = new TokenBucket(rate.Burst, rate.PerSecond);
}
