using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace Grpc.Net.Client.Internal.Retry;

/// <summary>A hedging policy that has been checked.</summary>
/// <param name="MaxAttempts">The first included.</param>
/// <param name="Delay">From one attempt to the next; zero for all at once.</param>
/// <param name="NonFatalCodes">After which the other attempts go on.</param>
internal sealed record HedgingSettings(int MaxAttempts, TimeSpan Delay, IReadOnlySet<StatusCode> NonFatalCodes)
{
    /// <summary>Checks a policy; <paramref name="method"/> is named in the error.</summary>
    /// <exception cref="InvalidOperationException">A value is missing or out of range.</exception>
    public static HedgingSettings From(HedgingPolicy policy, int? attemptsLimit, string method)
    {
        if (policy.MaxAttempts is not > 1) throw Invalid(method, "maxAttempts must be more than 1", policy.MaxAttempts);
        var delay = policy.HedgingDelay ?? TimeSpan.Zero;
        if (delay < TimeSpan.Zero) throw Invalid(method, "hedgingDelay must not be less than zero", policy.HedgingDelay);
        return new HedgingSettings(Math.Min(policy.MaxAttempts.Value, attemptsLimit ?? int.MaxValue), delay, policy.NonFatalStatusCodes.ToHashSet());
    }

    private static InvalidOperationException Invalid(string method, string what, object? value) =>
        new($"The hedging policy for {method} is not valid: {what}{(value is null ? "" : $", and is {value}")}.");
}
