namespace RouteGuide.Http2;

/// <summary>Lets something happen in bursts and on average at a rate. Time is given: any monotonic count of milliseconds.</summary>
/// <param name="burst">Tokens when full.</param>
/// <param name="perSecond">Tokens that come back in a second.</param>
internal struct TokenBucket(int burst, int perSecond)
{
    // Thousandths of a token, so that a millisecond at one per second is not lost.
    private long _milliTokens = burst * 1000L;
    private long _last = long.MinValue;

    /// <summary>Takes tokens.</summary>
    /// <returns>False if there are not as many: nothing is taken.</returns>
    public bool TryTake(int count, long nowMs)
    {
        if (_last == long.MinValue) _last = nowMs;
        var elapsed = nowMs - _last;
        if (elapsed > 0)
        {
            _last = nowMs;
            // After the time that fills it from nothing it is full, however long ago; so nothing overflows.
            _milliTokens = perSecond > 0 && elapsed > burst * 1000L / perSecond ? burst * 1000L : Math.Min(burst * 1000L, _milliTokens + elapsed * perSecond);
        }

        if (_milliTokens < count * 1000L) return false;
        _milliTokens -= count * 1000L;
        return true;
    }

    /// <summary>Gives tokens for good conduct, up to the burst.</summary>
    public void Earn(int count) => _milliTokens = Math.Min(burst * 1000L, _milliTokens + count * 1000L);
}
