namespace RouteGuide.Balancer.Proxy.Calls;

/// <summary>
/// Keeps repetitions from becoming the load that makes targets fail (gRFC A6, throttling): a failed attempt takes a token, a call that goes
/// well earns a part of one, and while half of the tokens or fewer are left nothing is repeated. One for all clients of a rule, on all loops.
/// </summary>
internal sealed class RetryBudget(RetryBudgetSettings settings)
{
    private readonly long _most = settings.MaxTokens * 1000L;
    private readonly long _earned = Math.Max(1, (long)(settings.TokenRatio * 1000));
    private long _tokens = settings.MaxTokens * 1000L; // thousandths

    public RetryBudgetSettings Settings { get; } = settings;

    /// <summary>A further attempt may be made.</summary>
    public bool Allows => Interlocked.Read(ref _tokens) > _most / 2;

    public void OnFailure() => Add(-1000);

    public void OnSuccess()
    {
        // Mostly it is full, and then nothing is written that the loops share.
        if (Interlocked.Read(ref _tokens) < _most) Add(_earned);
    }

    private void Add(long tokens)
    {
        var seen = Interlocked.Read(ref _tokens);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref _tokens, Math.Clamp(seen + tokens, 0, _most), seen);
            if (before == seen) return;
            seen = before;
        }
    }
}
