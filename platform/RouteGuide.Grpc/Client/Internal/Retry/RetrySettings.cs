using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace Grpc.Net.Client.Internal.Retry;

/// <summary>A retry policy that has been checked.</summary>
internal sealed record RetrySettings(int MaxAttempts, TimeSpan InitialBackoff, TimeSpan MaxBackoff, double BackoffMultiplier, IReadOnlySet<StatusCode> RetryableCodes)
{
    /// <summary>Checks a policy; <paramref name="method"/> is named in the error.</summary>
    /// <exception cref="InvalidOperationException">A value is missing or out of range.</exception>
    public static RetrySettings From(RetryPolicy policy, int? attemptsLimit, string method)
    {
        if (policy.MaxAttempts is not > 1) throw Invalid(method, "maxAttempts must be more than 1", policy.MaxAttempts);
        if (policy.InitialBackoff is not { } initial || initial <= TimeSpan.Zero) throw Invalid(method, "initialBackoff must be more than zero", policy.InitialBackoff);
        if (policy.MaxBackoff is not { } max || max <= TimeSpan.Zero) throw Invalid(method, "maxBackoff must be more than zero", policy.MaxBackoff);
        if (policy.BackoffMultiplier is not > 0) throw Invalid(method, "backoffMultiplier must be more than zero", policy.BackoffMultiplier);
        var codes = policy.RetryableStatusCodes.ToHashSet();
        if (codes.Count == 0) throw Invalid(method, "retryableStatusCodes must have at least one code", null);

        return new RetrySettings(
            Math.Min(policy.MaxAttempts.Value, attemptsLimit ?? int.MaxValue), initial, max, policy.BackoffMultiplier.Value, codes);
    }

    /// <summary>What the pause after the next attempt can be at most.</summary>
    public TimeSpan Grow(TimeSpan backoff) => TimeSpan.FromMilliseconds(Math.Min(backoff.TotalMilliseconds * BackoffMultiplier, MaxBackoff.TotalMilliseconds));

    private static InvalidOperationException Invalid(string method, string what, object? value) =>
        new($"The retry policy for {method} is not valid: {what}{(value is null ? "" : $", and is {value}")}.");
}
