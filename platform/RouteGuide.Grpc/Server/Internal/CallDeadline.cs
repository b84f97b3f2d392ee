using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>
/// Ends a call when its time is up: the status is written, the stream is reset, and only then does the handler's token say so,
/// so that the caller hears of it whatever the handler does.
/// </summary>
internal sealed class CallDeadline
{
    public static readonly Status Exceeded = new(StatusCode.DeadlineExceeded, "Deadline Exceeded");

    // A timer's longest span is 49.7 days; longer deadlines take several.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(40);

    // How long a peer that does not read may keep the status from being written before the stream is reset without it.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private readonly ServerCall _call;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly long _started;
    private ITimer? _timer;
    private bool _isCancelled;
    private CancellationTokenSource? _cancellation;
    private TaskCompletionSource? _finished;

    public CallDeadline(ServerCall call, TimeSpan timeout, TimeProvider time)
    {
        _call = call;
        _time = time;
        _timeout = timeout;
        _started = time.GetTimestamp();
        var now = time.GetUtcNow().UtcDateTime;
        Time = timeout < DateTime.MaxValue - now ? now + timeout : DateTime.MaxValue;
    }

    /// <summary>When the time is up, UTC.</summary>
    public DateTime Time { get; }

    /// <summary>Cancelled when the time is up or the caller is gone.</summary>
    public CancellationToken Token
    {
        get
        {
            lock (this)
            {
                if (_cancellation is null)
                {
                    _cancellation = CancellationTokenSource.CreateLinkedTokenSource(_call.HttpContext.RequestAborted);
                    if (_isCancelled) _cancellation.Cancel();
                }

                return _cancellation.Token;
            }
        }
    }

    /// <summary>Ends when everything is done that an expired deadline does. Only for a deadline that has expired.</summary>
    public Task Finished => _finished!.Task;

    public void Start()
    {
        _timer = _time.CreateTimer(static deadline => ((CallDeadline)deadline!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Wait(_timeout);
    }

    public void Stop()
    {
        _timer?.Dispose();
        lock (this) _cancellation?.Dispose();
    }

    // Rounded up, since timers count milliseconds and early would be wrong.
    private void Wait(TimeSpan remaining) =>
        _timer!.Change(remaining < LongestWait ? TimeSpan.FromMilliseconds(Math.Ceiling(remaining.TotalMilliseconds)) : LongestWait, Timeout.InfiniteTimeSpan);

    private void OnTimer()
    {
        var remaining = _timeout - _time.GetElapsedTime(_started);
        if (remaining > TimeSpan.Zero)
        {
            Wait(remaining);
            return;
        }

        lock (this)
        {
            _finished = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_call.TryExpire()) return;
        }

        _ = ExpireAsync();
    }

    private async Task ExpireAsync()
    {
        try
        {
            _call.Logger.LogDebug("The deadline of {Method} after {Timeout} is exceeded.", _call.Method, _timeout);
            // A write that waits for the peer to read stands in front of the trailers: nothing can be said but RST_STREAM.
            if (_call.Responses is null || _call.Responses.TryClose())
            {
                _call.WriteStatus(Exceeded);
                await _call.HttpContext.Response.CompleteAsync().WaitAsync(Grace, _time);
            }
        }
        catch (Exception exception)
        {
            _call.Logger.LogDebug(exception, "The status of {Method} could not be sent after its deadline.", _call.Method);
        }

        try
        {
            _call.Reset();
            CancellationTokenSource? cancellation;
            lock (this)
            {
                _isCancelled = true;
                cancellation = _cancellation;
            }

            if (cancellation is not null) await cancellation.CancelAsync();
        }
        catch (Exception exception)
        {
            _call.Logger.LogError(exception, "A callback for the cancellation of {Method} failed.", _call.Method);
        }
        finally
        {
            _finished!.SetResult();
        }
    }
}
