namespace RouteGuide.Balancer.Proxy.Calls;

/// <summary>The deadline and the idle timeout of a request that is carried by tasks instead of an event loop's turns.</summary>
internal sealed class CallTimes : IDisposable
{
    // Looks at the counters in one idle timeout: it may take an eighth longer.
    private const int Looks = 8;

    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _over = new();
    private readonly Func<long> _moved;
    private readonly TimeSpan _idle;
    private readonly ITimer? _deadline;
    private readonly ITimer? _look;
    private long _seen; // octets at the last look that saw other than before
    private long _seenAt;
    private int _end; // the first reason counts

    /// <param name="policy">Of the request's rule.</param>
    /// <param name="moved">Octets that have passed, either way; any thread.</param>
    /// <param name="time">What passes.</param>
    public CallTimes(CallPolicy policy, Func<long> moved, TimeProvider time)
    {
        (_time, _moved) = (time, moved);
        _seenAt = time.GetTimestamp();
        if (CallDeadline.Of((TimeSpan?)null, policy).After is { } after) _deadline = time.CreateTimer(_ => Finish(ExchangeEnd.Deadline), null, after, Timeout.InfiniteTimeSpan);
        _idle = policy.Settings.Idle.Timeout;
        if (_idle > TimeSpan.Zero) _look = time.CreateTimer(_ => Look(), null, _idle / Looks, _idle / Looks);
    }

    /// <summary>Is cancelled when one of them is over.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>Which; null if none is.</summary>
    public ExchangeEnd? End => Volatile.Read(ref _end) is > 0 and var end ? (ExchangeEnd)end : null;

    /// <summary>The same for people.</summary>
    public string Reason => End == ExchangeEnd.Idle ? $"nothing was sent either way for {_idle.TotalSeconds} s, which is the idle timeout" : "the deadline passed before the target had answered to the end";

    public void Dispose()
    {
        _deadline?.Dispose();
        _look?.Dispose();
        _over.Dispose();
    }

    private void Look()
    {
        var moved = _moved();
        if (moved != _seen) (_seen, _seenAt) = (moved, _time.GetTimestamp());
        else if (_time.GetElapsedTime(_seenAt) >= _idle) Finish(ExchangeEnd.Idle);
    }

    private void Finish(ExchangeEnd end)
    {
        if (Interlocked.CompareExchange(ref _end, (int)end, 0) != 0) return;
        try
        {
            _over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The request ended at this moment by itself.
        }
    }
}
