using Grpc.Core;

namespace RouteGuide.Client.Load;

/// <summary>
/// Makes the calls. Without a rate, each worker calls again when its last call has ended (a closed loop). With one, every call has a time
/// at which it is due, and its latency counts from then: where the system falls behind, the wait in front of a call is part of what its
/// caller would see, and is not left out.
/// </summary>
internal sealed class LoadGenerator(LoadSettings settings, LoadCall call, IReadOnlyList<CallInvoker> invokers, LoadStatistics statistics, TimeProvider time)
{
    // So that a server that refuses at once is not called as fast as a loop can run.
    private static readonly TimeSpan PauseAfterRefusal = TimeSpan.FromMilliseconds(20);

    private long _started;

    /// <summary>Runs to the end of what was asked for, and until the last call has ended; a cancelled token cancels those that run.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var start = time.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, settings.Concurrency).Select(worker => Task.Run(() => WorkAsync(invokers[worker % invokers.Count], start, stop), CancellationToken.None)));
    }

    private async Task WorkAsync(CallInvoker invoker, long start, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var due = TimeSpan.Zero;
            if (settings.Rate is null && time.GetElapsedTime(start) >= settings.Duration) return;
            var number = Interlocked.Increment(ref _started) - 1;
            if (number >= settings.Requests) return;
            if (settings.Rate is { } rate)
            {
                due = TimeSpan.FromSeconds(number / rate);
                if (due >= settings.Duration || !await WaitAsync(due - time.GetElapsedTime(start), stop)) return;
            }

            var begun = time.GetElapsedTime(start);
            var deadline = settings.Timeout is { } timeout ? time.GetUtcNow().UtcDateTime + timeout : (DateTime?)null;
            var (status, replica) = await call.RunAsync(invoker, new CallOptions(settings.Headers, deadline, stop));
            // A call that was cancelled with the run says nothing of the system.
            if (stop.IsCancellationRequested && status != StatusCode.OK) return;
            // A timer's last fraction of a millisecond may be early, and then the call counts from when it left.
            var intended = settings.Rate is null || due > begun ? begun : due;
            statistics.Add(status, replica, time.GetElapsedTime(start) - intended);
            if (status == StatusCode.Unavailable && settings.Rate is null) await WaitAsync(PauseAfterRefusal, stop);
        }
    }

    // Whole milliseconds, which is what timers have; never late on purpose. False where the run was ended meanwhile.
    private async Task<bool> WaitAsync(TimeSpan wait, CancellationToken stop)
    {
        var whole = TimeSpan.FromMilliseconds(Math.Floor(wait.TotalMilliseconds));
        if (whole <= TimeSpan.Zero) return true;
        try
        {
            await Task.Delay(whole, time, stop);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
