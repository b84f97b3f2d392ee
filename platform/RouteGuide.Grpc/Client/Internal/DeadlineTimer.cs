namespace Grpc.Net.Client.Internal;

/// <summary>Ends a call at its deadline.</summary>
internal sealed class DeadlineTimer : IDisposable
{
    // What a timer can wait for at once, some 49 days; a later deadline is waited for in steps.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(uint.MaxValue - 1);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly DateTime _deadline;
    private readonly GrpcCall _call;
    private readonly Timer _timer;

    private DeadlineTimer(DateTime deadline, GrpcCall call)
    {
        _deadline = deadline;
        _call = call;
        _timer = new Timer(static timer => ((DeadlineTimer)timer!).OnTime(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public static DeadlineTimer Start(DateTime deadline, GrpcCall call)
    {
        // The caller's async-local values must not live as long as the call's deadline.
        var restore = !ExecutionContext.IsFlowSuppressed();
        if (restore) ExecutionContext.SuppressFlow();
        try
        {
            var timer = new DeadlineTimer(deadline, call);
            timer.Wait(deadline - DateTime.UtcNow);
            return timer;
        }
        finally
        {
            if (restore) ExecutionContext.RestoreFlow();
        }
    }

    public void Dispose() => _timer.Dispose();

    private void OnTime()
    {
        // Timers run on another clock than deadlines: the two can differ by a little.
        var left = _deadline - DateTime.UtcNow;
        if (left <= TimeSpan.Zero) _call.OnDeadline();
        else Wait(left);
    }

    private void Wait(TimeSpan left)
    {
        if (left < ShortestWait) left = ShortestWait;
        _timer.Change(left < LongestWait ? left : LongestWait, Timeout.InfiniteTimeSpan);
    }
}
