namespace RouteGuide.Balancer.Proxy.Calls;

/// <summary>
/// <see cref="CallSettings"/> at work: with them, what the calls of a rule have in common over all loops. It never changes; calls keep the
/// one that they began with.
/// </summary>
internal sealed class CallPolicy
{
    private static readonly CallSettings Nothing = new();

    private CallPolicy(CallSettings settings, CallPolicy? before, TimeProvider time)
    {
        Settings = settings;
        IdleMs = (long)settings.Idle.Timeout.TotalMilliseconds;
        PerTryMs = (long)Math.Ceiling(settings.Retry.PerTryTimeout.TotalMilliseconds);
        if (settings.Retry.MaxAttempts > 1) Retry = settings.Retry;
        if (settings.Hedging.MaxAttempts > 1) Hedging = settings.Hedging;
        // What has been counted counts on, as long as what it is counted by is the same.
        if ((Retry is not null || Hedging is not null) && settings.Retry.Budget.MaxTokens > 0) Budget = before?.Budget is { } budget && budget.Settings == settings.Retry.Budget ? budget : new RetryBudget(settings.Retry.Budget);
        if (settings.RateLimit.RequestsPerSecond > 0) Limiter = before?.Limiter is { } limiter && limiter.Settings == settings.RateLimit ? limiter : new RateLimiter(settings.RateLimit, time);
    }

    public CallSettings Settings { get; }

    /// <summary>Milliseconds that a call may be silent; 0 for ever.</summary>
    public long IdleMs { get; }

    /// <summary>Milliseconds that one attempt may take until its headers come; 0 for ever.</summary>
    public long PerTryMs { get; }

    /// <summary>Null if it is off, as those below are.</summary>
    public RetrySettings? Retry { get; }

    public HedgingSettings? Hedging { get; }

    /// <summary>Of retries and hedges; null if there are none, or without a limit.</summary>
    public RetryBudget? Budget { get; }

    public RateLimiter? Limiter { get; }

    /// <summary>Puts settings to work; null if they are those by default, so that calls need not look at them.</summary>
    /// <param name="settings">Checked.</param>
    /// <param name="before">The policy of the same rule that this one takes the place of.</param>
    /// <param name="time">For the rates.</param>
    public static CallPolicy? Of(CallSettings settings, CallPolicy? before, TimeProvider time) => settings == Nothing ? null : new CallPolicy(settings, before, time);
}
