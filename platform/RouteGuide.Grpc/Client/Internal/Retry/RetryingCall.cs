using Grpc.Core;

namespace Grpc.Net.Client.Internal.Retry;

/// <summary>
/// A call that is repeated under its retry policy (gRFC A6): one attempt after the other. The first that is answered, or that is not followed by
/// another, becomes what the application sees.
/// </summary>
internal sealed class RetryingCall<TRequest, TResponse> : RepeatedCall<TRequest, TResponse>
    where TRequest : class
    where TResponse : class
{
    private readonly RetrySettings _settings;

    public RetryingCall(GrpcChannel channel, Method<TRequest, TResponse> method, MethodInformation information, string? host, in CallOptions options, TRequest? request)
        : base(channel, method, information, host, options, request)
    {
        _settings = information.Retry!;
        _ = RunAsync(StartFirst());
    }

    private async Task RunAsync(Attempt<TResponse> attempt)
    {
        try
        {
            var isKept = TryKeepRequest();
            var backoff = _settings.InitialBackoff;
            for (var number = 1; !await IsLastAsync(attempt.Call, number).ConfigureAwait(false) && isKept; number++)
            {
                await attempt.SettleAsync().ConfigureAwait(false);
                if (!TryHold(out var sender)) break;

                var pushback = ReadPushback(attempt.Call.GetTrailers());
                await PauseAsync(pushback ?? (backoff * Random.Shared.NextDouble())).ConfigureAwait(false);
                backoff = pushback is null ? _settings.Grow(backoff) : _settings.InitialBackoff;

                attempt = StartAttempt(number, sender);
            }

            Commit(attempt);
        }
        catch (Exception e)
        {
            Fault(e);
        }
    }

    /// <summary>Waits for the answer to an attempt, and says whether it is what the application gets.</summary>
    private async Task<bool> IsLastAsync(GrpcCall call, int number)
    {
        var hasHeaders = await call.AnsweredAsync().ConfigureAwait(false);
        if (hasHeaders || call.GetStatus().StatusCode == StatusCode.OK)
        {
            Channel.RetryThrottle?.Succeeded();
            return true;
        }

        // What ended it here, the deadline or the caller, would end the next attempt too.
        if (call.IsGivenUp) return true;

        var mayRetry = _settings.RetryableCodes.Contains(call.GetStatus().StatusCode);
        var isStopped = HasPushbackStop(call.GetTrailers());
        if (mayRetry || isStopped) Channel.RetryThrottle?.Failed();
        return !mayRetry || isStopped || number >= _settings.MaxAttempts || Channel.RetryThrottle is { AllowsRetries: false };
    }
}
