using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy.Calls;

/// <summary>
/// Sends a call again that a target may have seen: after it has failed (retry) or before (hedging), as its rule allows (gRFC A6). Never
/// once anything of a response has gone to the client, and never more of the request than is kept. Used again with its exchange.
/// </summary>
internal sealed class Repeater
{
    private readonly ProxyLoop _loop;
    private readonly Exchange _exchange;
    private readonly Attempts _attempts;
    private readonly LoopTimer _timer;
    private CallPolicy _policy = null!;
    private int _backoffs; // in a row, without a word of the target on when to come back
    private bool _isOver; // a target has forbidden it, or the call has its answer

    public Repeater(ProxyLoop loop, Exchange exchange, Attempts attempts)
    {
        (_loop, _exchange, _attempts) = (loop, exchange, attempts);
        _timer = new LoopTimer(Again);
    }

    /// <summary>Attempts that were begun on behalf of the rule, the first one among them; those that no target has processed do not count.</summary>
    public int Begun { get; private set; }

    /// <summary>The first attempt has begun.</summary>
    public void Begin(CallPolicy policy)
    {
        _policy = policy;
        Begun = 1;
        _backoffs = 0;
        _isOver = false;
        ScheduleHedge(null);
    }

    /// <summary>An answer has come: whether another attempt is waited for instead. Then the attempt has been ended.</summary>
    public bool PassesOver(Attempt attempt, HeaderList headers, in ResponseNotes notes, bool endStream)
    {
        // Of a real response the headers are its beginning; it cannot be taken back.
        if (!_exchange.IsGrpc || (!endStream && notes.HttpStatus == StatusCodes.Status200OK)) return false;
        var code = GrpcProtocol.CodeOf(notes.HttpStatus, notes.GrpcCode);
        var statuses = _policy.Hedging?.NonFatalStatuses ?? _policy.Retry!.Statuses;
        if (!statuses.Has(code)) return false;
        _policy.Budget?.OnFailure();
        var pushback = PushbackOf(headers);
        if (_policy.Retry is not null)
        {
            if (DelayBefore(pushback) is not { } delay) return false;
            _attempts.OnPassedOver(attempt, code);
            _loop.Timers.Set(_timer, _loop.NowMs + delay);
            return true;
        }

        if (pushback < 0) _isOver = true;
        // Somebody else may still answer: one who works on it, or the next one, who gets it at once.
        if (_attempts.Live == 1 && !MayHedge()) return false;
        _attempts.OnPassedOver(attempt, code);
        ScheduleHedge(pushback ?? 0);
        return true;
    }

    /// <summary>An attempt failed that a target may have processed: whether another one is waited for.</summary>
    public bool Repeats(AttemptFailure failure)
    {
        _policy.Budget?.OnFailure();
        if (_policy.Retry is { } retry)
        {
            if ((failure.Kind != FailureKind.TimedOut && !retry.OnReset) || DelayBefore(null) is not { } delay) return false;
            _loop.Timers.Set(_timer, _loop.NowMs + delay);
            return true;
        }

        if (_attempts.Live == 0 && !MayHedge()) return false;
        ScheduleHedge(0);
        return true;
    }

    /// <summary>Nothing is repeated any more.</summary>
    public void Stop()
    {
        _isOver = true;
        _loop.Timers.Clear(_timer);
    }

    /// <summary>The call went well.</summary>
    public void OnSuccess() => _policy.Budget?.OnSuccess();

    // Null for never.
    private long? DelayBefore(long? pushback)
    {
        var retry = _policy.Retry!;
        if (_isOver || Begun >= retry.MaxAttempts || pushback < 0 || !_exchange.Request.IsReplayable || _policy.Budget is { Allows: false }) return null;
        long delay;
        if (pushback is { } asked)
        {
            delay = asked;
            _backoffs = 0;
        }
        else
        {
            var most = Math.Min(retry.InitialBackoff.TotalMilliseconds * Math.Pow(retry.BackoffMultiplier, _backoffs++), retry.MaxBackoff.TotalMilliseconds);
            delay = (long)(_loop.Random.NextDouble() * most);
        }

        return _exchange.HasTimeFor(delay) ? delay : null;
    }

    private bool MayHedge() => !_isOver && Begun < _policy.Hedging!.MaxAttempts && _exchange.Request.IsReplayable && _policy.Budget is not { Allows: false };

    private void ScheduleHedge(long? delay)
    {
        if (_policy.Hedging is not { } hedging || !MayHedge()) return;
        _loop.Timers.Set(_timer, _loop.NowMs + (delay ?? (long)hedging.Delay.TotalMilliseconds));
    }

    private void Again()
    {
        if (_attempts.IsQueued) return;
        // Nobody works on the call: this attempt was promised.
        if (_attempts.Live == 0)
        {
            Begun++;
            ScheduleHedge(null);
            _attempts.Next(again: true);
        }
        else if (MayHedge())
        {
            Begun++;
            // All may have been tried, or be full: those that work on it are waited for.
            if (_attempts.TryHedge()) ScheduleHedge(null);
            else Begun--;
        }
    }

    // Null if the target says nothing; negative if it wants the call not to come again, which is also what a value means that is none.
    private static long? PushbackOf(HeaderList headers)
    {
        var at = headers.IndexOf(KnownHeader.GrpcRetryPushback);
        if (at < 0) return null;
        return System.Buffers.Text.Utf8Parser.TryParse(headers.Value(at), out int ms, out var used) && used == headers.Value(at).Length ? ms : -1;
    }
}
