using Grpc.Core;

namespace Grpc.Net.Client.Internal.Retry;

/// <summary>
/// A call that is sent several times under its hedging policy (gRFC A6), without waiting for the attempts before. The first that is answered with
/// headers, or that fails for good, becomes what the application sees, and the others are given up; if all of them fail, the last.
/// </summary>
internal sealed class HedgingCall<TRequest, TResponse> : RepeatedCall<TRequest, TResponse>
    where TRequest : class
    where TResponse : class
{
    private readonly HedgingSettings _settings;

    public HedgingCall(GrpcChannel channel, Method<TRequest, TResponse> method, MethodInformation information, string? host, in CallOptions options, TRequest? request)
        : base(channel, method, information, host, options, request)
    {
        _settings = information.Hedging!;
        _ = RunAsync(StartFirst());
    }

    private async Task RunAsync(Attempt<TResponse> latest)
    {
        try
        {
            List<Attempt<TResponse>> running = [latest];
            var started = 1;
            var mayStart = TryKeepRequest();
            var nextStart = DateTime.UtcNow + _settings.Delay;
            while (true)
            {
                mayStart = mayStart && started < _settings.MaxAttempts && Channel.RetryThrottle is null or { AllowsRetries: true };
                if (running.Count == 0 && !mayStart) break;

                var isDue = await WaitAsync(running, mayStart ? nextStart - DateTime.UtcNow : null).ConfigureAwait(false);
                for (var i = running.Count - 1; i >= 0; i--)
                {
                    if (!running[i].Call.AnsweredAsync().IsCompleted) continue;
                    latest = running[i];
                    running.RemoveAt(i);
                    if (IsFinal(latest.Call))
                    {
                        Commit(latest);
                        return;
                    }

                    var trailers = latest.Call.GetTrailers();
                    mayStart &= !HasPushbackStop(trailers);
                    nextStart = DateTime.UtcNow + (ReadPushback(trailers) ?? TimeSpan.Zero);
                    isDue = false;
                }

                if (!mayStart || (!isDue && nextStart > DateTime.UtcNow) || Channel.RetryThrottle is { AllowsRetries: false }) continue;
                if (!TryHold(out var sender))
                {
                    mayStart = false;
                    continue;
                }

                running.Add(StartAttempt(started++, sender));
                nextStart = DateTime.UtcNow + _settings.Delay;
            }

            Commit(latest);
        }
        catch (Exception e)
        {
            Fault(e);
        }
    }

    /// <summary>
    /// Waits for an answer to any attempt, or until the next one is due; true if that is so. It is due too when the call was given up: then it ends at
    /// once, and for that reason.
    /// </summary>
    private async Task<bool> WaitAsync(List<Attempt<TResponse>> running, TimeSpan? untilNext)
    {
        if (untilNext <= TimeSpan.Zero) return true;
        using var answered = new CancellationTokenSource();
        List<Task> tasks = [.. running.Select(attempt => attempt.Call.AnsweredAsync())];
        var pause = untilNext is { } time ? PauseAsync(time, answered.Token) : null;
        if (pause is not null) tasks.Add(pause);
        var first = await Task.WhenAny(tasks).ConfigureAwait(false);
        await answered.CancelAsync().ConfigureAwait(false);
        if (pause is not null) await pause.ConfigureAwait(false);
        return first == pause;
    }

    private bool IsFinal(GrpcCall call)
    {
        var hasHeaders = call.AnsweredAsync().Result;
        if (hasHeaders || call.GetStatus().StatusCode == StatusCode.OK)
        {
            Channel.RetryThrottle?.Succeeded();
            return true;
        }

        if (call.IsGivenUp || !_settings.NonFatalCodes.Contains(call.GetStatus().StatusCode)) return true;
        Channel.RetryThrottle?.Failed();
        return false;
    }
}
