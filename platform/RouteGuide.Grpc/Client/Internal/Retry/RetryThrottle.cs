using Grpc.Net.Client.Configuration;

namespace Grpc.Net.Client.Internal.Retry;

/// <summary>
/// Stops the retries of a whole channel while too many calls fail (gRFC A6): a bucket of tokens, kept in thousandths as the ratio has three decimals.
/// </summary>
internal sealed class RetryThrottle
{
    private const int Whole = 1000;

    private readonly Lock _gate = new();
    private readonly long _max;
    private readonly long _gain;
    private long _tokens;

    private RetryThrottle(int maxTokens, double ratio)
    {
        _tokens = _max = (long)maxTokens * Whole;
        _gain = (long)(ratio * Whole);
    }

    public bool AllowsRetries
    {
        get
        {
            lock (_gate) return _tokens > _max / 2;
        }
    }

    /// <exception cref="InvalidOperationException">A value is missing or out of range.</exception>
    public static RetryThrottle? From(RetryThrottlingPolicy? policy)
    {
        if (policy is null) return null;
        if (policy.MaxTokens is not > 0) throw Invalid("maxTokens", policy.MaxTokens);
        if (policy.TokenRatio is not > 0) throw Invalid("tokenRatio", policy.TokenRatio);
        return new RetryThrottle(policy.MaxTokens.Value, policy.TokenRatio.Value);
    }

    public void Failed()
    {
        lock (_gate) _tokens = Math.Max(0, _tokens - Whole);
    }

    public void Succeeded()
    {
        lock (_gate) _tokens = Math.Min(_max, _tokens + _gain);
    }

    private static InvalidOperationException Invalid(string name, object? value) =>
        new($"The retry throttling policy is not valid: {name} must be more than zero, and is {value}.");
}
