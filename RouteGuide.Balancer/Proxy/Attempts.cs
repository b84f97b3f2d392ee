using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Routing;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// The attempts of one call: where the next one goes, whose answer counts, and what follows when one fails. A call that no target has
/// processed goes on to the next one by itself; any other is sent again only where its rule says so, by <see cref="Repeater"/>.
/// </summary>
internal sealed class Attempts
{
    private readonly ProxyLoop _loop;
    private readonly Exchange _exchange;
    private readonly Attempt _first;
    private readonly List<Target> _tried = new(ProxyOptions.MaxAttempts); // one for each attempt
    private List<Attempt>? _more; // used again with their exchange; the first so many are of this call
    private Repeater? _repeater;
    private LoopTimer? _queueTimer;
    private QueuedCall? _queued; // it waits for a target to have room
    private AttemptFailure? _last;
    private int _unprocessed; // attempts that no target has processed
    private bool _repeats; // the rule has calls repeated
    private bool _hasWaited;

    public Attempts(ProxyLoop loop, Exchange exchange)
    {
        (_loop, _exchange) = (loop, exchange);
        _first = new Attempt(loop, exchange, this);
    }

    /// <summary>Attempts that were begun.</summary>
    public int Count => _tried.Count;

    /// <summary>Attempts that have not ended.</summary>
    public int Live { get; private set; }

    /// <summary>Whose answer went to the client, or began to.</summary>
    public Attempt? Winner { get; private set; }

    /// <summary>Octets of the request's body that have gone to a target: to the one whose answer counts, or to the one that has most.</summary>
    public long Sent => Winner is { } winner ? winner.Sent : _tried.Count <= 1 ? _first.Sent : Furthest().Sent;

    /// <summary>There is a stream to a target.</summary>
    public bool HasStream => _first.Stream is not null || (_tried.Count > 1 && Furthest().Stream is not null);

    /// <summary>It waits for a target to have room.</summary>
    public bool IsQueued => _queued is not null;

    private Attempt this[int index] => index == 0 ? _first : _more![index - 1];

    /// <summary>The call begins.</summary>
    public void Begin(CallPolicy? policy)
    {
        _repeats = policy is { Retry: not null } or { Hedging: not null };
        if (_repeats) (_repeater ??= new Repeater(_loop, _exchange, this)).Begin(policy!);
        Next(again: false);
    }

    /// <summary>The next attempt: at a target, or in the queue until one has room. If there is none, and nobody works on the call, that is its answer.</summary>
    /// <param name="again">A target that was tried will do, if there is no other.</param>
    public void Next(bool again)
    {
        if (TargetChoice.Enter(in _exchange.Route, _exchange.Input, _tried, again, out var isFull) is { } target) Begin(target);
        else if (Live > 0) return;
        else if (isFull) Queue();
        else if (!_repeats || _last is null || !_repeater!.Repeats(_last)) GiveUp();
    }

    /// <summary>A further attempt beside those that go on: at a target that was not tried and has room.</summary>
    public bool TryHedge()
    {
        if (TargetChoice.Enter(in _exchange.Route, _exchange.Input, _tried, again: false, out _) is not { } target) return false;
        Begin(target);
        return true;
    }

    /// <summary>Sends octets of the body to whoever works on the call.</summary>
    public void Send(ReadOnlySpan<byte> data, bool endStream)
    {
        _first.Send(data, endStream);
        for (var i = 1; i < _tried.Count; i++) this[i].Send(data, endStream);
    }

    /// <summary>The same for trailers.</summary>
    public void SendTrailers(HeaderList trailers)
    {
        for (var i = 0; i < _tried.Count; i++) this[i].SendTrailers(trailers);
    }

    /// <summary>The request's headers for an attempt; good until the loop's scratch list is used again.</summary>
    public HeaderList HeadersFor(Attempt attempt, bool isTls) => attempt == _first && !_hasWaited
        ? _exchange.Request.HeadersFor(isTls)
        : _exchange.Request.HeadersForFurther(isTls, _exchange.Elapsed, _repeats ? attempt.Number - 1 : 0);

    /// <summary>An attempt has its stream, and the headers went there.</summary>
    public void OnStream(Attempt attempt)
    {
        _exchange.Request.SendKept(attempt);
        _exchange.GiveCredit(attempt.Sent);
    }

    /// <summary>No more of the request is kept than a target has got: of several that work on it, the one that has most goes on alone.</summary>
    public void KeepFurthest()
    {
        if (_repeats) _repeater!.Stop();
        if (Live > 1) LeaveAllBut(Furthest());
    }

    /// <summary>An attempt's response begins.</summary>
    /// <returns>True if it goes to the client.</returns>
    public bool Wins(Attempt attempt, HeaderList headers, in ResponseNotes notes, bool endStream)
    {
        if (_repeats)
        {
            if (_repeater!.PassesOver(attempt, headers, in notes, endStream)) return false;
            _repeater.Stop();
            if (Live > 1) LeaveAllBut(attempt);
        }

        Winner = attempt;
        return true;
    }

    /// <summary>An attempt is over without a whole response.</summary>
    public void OnFailed(Attempt attempt, AttemptFailure failure)
    {
        attempt.End(failure.Outcome, null);
        _last = failure;
        if (failure.IsOfConnection) _exchange.Group.Suspects.Report(attempt.Target, failure.Reason);
        if (!_exchange.HasClient) _exchange.EndIfDone();
        else if (attempt == Winner || !_exchange.Request.IsReplayable) _exchange.OnBroken(attempt.Target, failure);
        else if (failure.IsSafeToRepeat) OnUnprocessed(failure);
        else if (!_repeats || !_repeater!.Repeats(failure)) _exchange.OnBroken(attempt.Target, failure);
    }

    /// <summary>An attempt has answered, but not as is wanted: another one may do better.</summary>
    public void OnPassedOver(Attempt attempt, int code)
    {
        attempt.End(OutcomeKind.Answered, Http2ErrorCode.Cancel);
        _last = new AttemptFailure(FailureKind.Answered, default, $"answered with status {code}");
    }

    /// <summary>No target takes the call.</summary>
    public void GiveUp() => _exchange.OnNoTarget(_last is null
        ? _exchange.Group.Group.Targets.Current.WhyNone
        : $"no target could take the call in {_tried.Count} attempts; the last, {_tried[^1].Name}, {_last.Reason}");

    /// <summary>An attempt has ended.</summary>
    public void OnEnded(bool wentWell)
    {
        Live--;
        if (wentWell && _repeats) _repeater!.OnSuccess();
    }

    /// <summary>Nothing further is begun.</summary>
    public void Stop()
    {
        if (_repeats) _repeater!.Stop();
        LeaveQueue();
    }

    /// <summary>Ends those that have not ended; nothing follows.</summary>
    public void Leave(OutcomeKind kind, Http2ErrorCode code)
    {
        Stop();
        for (var i = 0; i < _tried.Count; i++) this[i].End(kind, code);
    }

    /// <summary>Which one it is, from 1.</summary>
    public int PlaceOf(Attempt attempt)
    {
        var place = 0;
        while (this[place] != attempt) place++;
        return place + 1;
    }

    /// <summary>Writes down what became of each, of the one whose answer counts last; all have ended.</summary>
    public void Report(List<AttemptReport> reports, long startedAt)
    {
        for (var i = 0; i < _tried.Count; i++)
        {
            if (this[i] != Winner) reports.Add(this[i].Report(startedAt));
        }

        if (Winner is { } winner) reports.Add(winner.Report(startedAt));
    }

    public void Clear()
    {
        for (var i = 0; i < _tried.Count; i++) this[i].Clear();
        _tried.Clear();
        Winner = null;
        _last = null;
        _unprocessed = 0;
        _repeats = _hasWaited = false;
    }

    private void Begin(Target target)
    {
        if (_tried.Count > (_more?.Count ?? 0)) (_more ??= []).Add(new Attempt(_loop, _exchange, this));
        var attempt = this[_tried.Count];
        _tried.Add(target);
        Live++;
        attempt.Begin(_exchange.Group, target, _repeats ? _repeater!.Begun : 1, _exchange.Policy?.PerTryMs ?? 0);
    }

    private void OnUnprocessed(AttemptFailure failure)
    {
        if (++_unprocessed < ProxyOptions.MaxAttempts) Next(again: failure.Kind != FailureKind.NotSent);
        else if (Live == 0 && (!_repeats || !_repeater!.Repeats(failure))) GiveUp();
    }

    private void LeaveAllBut(Attempt attempt)
    {
        for (var i = 0; i < _tried.Count; i++)
        {
            if (this[i] != attempt) this[i].End(OutcomeKind.Abandoned, Http2ErrorCode.Cancel);
        }
    }

    // Of those that have a stream.
    private Attempt Furthest()
    {
        var best = _first;
        for (var i = 1; i < _tried.Count; i++)
        {
            var other = this[i];
            if (other.Stream is not null && (best.Stream is null || other.Sent > best.Sent)) best = other;
        }

        return best;
    }

    private void Queue()
    {
        var group = _exchange.Group;
        // The object may serve another call by then.
        var call = _queued = new QueuedCall(_exchange.Input, [.. _tried], (admitted, target) => _loop.Loop.Post(() => OnAdmitted(group, admitted, target)));
        switch (group.Queue.Wait(call))
        {
            case QueueAnswer.Waits:
                _queueTimer ??= new LoopTimer(OnQueueTimeout);
                _loop.Timers.Set(_queueTimer, _loop.NowMs + (long)group.Queue.Settings.QueueTimeout.TotalMilliseconds);
                return;
            case QueueAnswer.Full:
                _queued = null;
                _exchange.OnOverload($"every target of the group '{group.Group.Name}' has the {group.Queue.Most} calls that it may have at once" + (group.Queue.Settings.QueueSize > 0 ? $", and {group.Queue.Settings.QueueSize} more wait" : ""));
                return;
            default:
                _queued = null;
                GiveUp();
                return;
        }
    }

    private void OnAdmitted(ProxyGroup group, QueuedCall call, Target target)
    {
        if (_queued != call)
        {
            target.End();
            group.Queue.OnRoom();
            return;
        }

        _queued = null;
        _hasWaited = true;
        _loop.Timers.Clear(_queueTimer!);
        Begin(target);
    }

    private void OnQueueTimeout()
    {
        var queue = _exchange.Group.Queue;
        LeaveQueue();
        _exchange.OnOverload($"no target of the group '{_exchange.Group.Group.Name}' had room within {queue.Settings.QueueTimeout.TotalSeconds} s");
    }

    private void LeaveQueue()
    {
        if (_queued is not { } call) return;
        _queued = null;
        _loop.Timers.Clear(_queueTimer!);
        _exchange.Group.Queue.TryLeave(call);
    }
}
