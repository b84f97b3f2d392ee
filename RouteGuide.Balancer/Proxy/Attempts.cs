using RouteGuide.Balancer.Http2;
using RouteGuide.Balancer.Http2.Hpack;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy;

/// <summary>The attempts of one call: where the next one goes, whose answer counts, and what follows when one fails.</summary>
internal sealed class Attempts(ProxyLoop loop, Exchange exchange)
{
    private readonly List<Attempt> _all = new(1); // used again with their exchange; the first so many are of this call
    private readonly List<Target> _tried = new(ProxyOptions.MaxAttempts);

    /// <summary>Attempts that were begun.</summary>
    public int Count => _tried.Count;

    /// <summary>Attempts that have not ended.</summary>
    public int Live { get; private set; }

    /// <summary>Whose answer went to the client, or began to.</summary>
    public Attempt? Winner { get; private set; }

    /// <summary>The target of the last attempt.</summary>
    public Target? LastTarget => _tried.Count > 0 ? _tried[^1] : null;

    /// <summary>Octets of the request's body that have gone to a target: to the one whose answer counts, or to the one that has most.</summary>
    public long Sent
    {
        get
        {
            if (Winner is { } winner) return winner.Sent;
            var most = 0L;
            for (var i = 0; i < _tried.Count; i++) most = Math.Max(most, _all[i].Sent);
            return most;
        }
    }

    /// <summary>There is a stream to a target.</summary>
    public bool HasStream
    {
        get
        {
            for (var i = 0; i < _tried.Count; i++)
            {
                if (_all[i].Stream is not null) return true;
            }

            return false;
        }
    }

    /// <summary>The next target, or the answer that there is none.</summary>
    /// <param name="failure">What became of the attempt before; null for the first.</param>
    public void Next(AttemptFailure? failure)
    {
        if (TargetChoice.Enter(exchange.Group, exchange.Input, _tried, failure) is not { } target)
        {
            exchange.OnNoTarget(failure is null ? exchange.Group.Group.Targets.Current.WhyNone : $"no target could take the call in {_tried.Count} attempts; the last, {_tried[^1].Name}, {failure.Reason}");
            return;
        }

        if (_all.Count == _tried.Count) _all.Add(new Attempt(loop, exchange, this));
        var attempt = _all[_tried.Count];
        _tried.Add(target);
        Live++;
        attempt.Begin(exchange.Group, target);
    }

    /// <summary>Sends octets of the body to whoever works on the call.</summary>
    public void Send(ReadOnlySpan<byte> data, bool endStream)
    {
        for (var i = 0; i < _tried.Count; i++) _all[i].Send(data, endStream);
    }

    /// <summary>The same for trailers.</summary>
    public void SendTrailers(HeaderList trailers)
    {
        for (var i = 0; i < _tried.Count; i++)
        {
            if (_all[i].Stream is { } stream) _all[i].Connection.Connection.SendTrailers(stream, trailers);
        }
    }

    /// <summary>The request's headers for an attempt; good until the loop's scratch list is used again.</summary>
    public HeaderList HeadersFor(Attempt attempt, bool isTls) =>
        attempt == _all[0] ? exchange.Request.HeadersFor(isTls) : exchange.Request.HeadersWithTimeLeft(isTls, exchange.Elapsed);

    /// <summary>An attempt has its stream, and the headers went there.</summary>
    public void OnStream(Attempt attempt)
    {
        exchange.Request.SendKept(attempt);
        exchange.GiveCredit(attempt.Sent);
    }

    /// <summary>An attempt's response begins.</summary>
    /// <returns>True if it goes to the client.</returns>
    public bool Wins(Attempt attempt, HeaderList headers, in ResponseNotes notes, bool endStream)
    {
        Winner = attempt;
        return true;
    }

    /// <summary>An attempt is over without a whole response.</summary>
    public void OnFailed(Attempt attempt, AttemptFailure failure)
    {
        attempt.End(failure.Outcome, null);
        if (failure.IsOfConnection) exchange.Group.Suspects.Report(attempt.Target, failure.Reason);
        if (!exchange.HasClient) exchange.EndIfDone();
        else if (failure.IsSafeToRepeat && exchange.Request.IsReplayable) Next(failure);
        else exchange.OnBroken(attempt.Target, failure);
    }

    public void OnEnded() => Live--;

    /// <summary>Ends those that have not ended; nothing follows.</summary>
    public void Leave(OutcomeKind kind, Http2ErrorCode code)
    {
        for (var i = 0; i < _tried.Count; i++) _all[i].End(kind, code);
    }

    /// <summary>Writes down what became of each; all have ended.</summary>
    public void Report(List<AttemptReport> reports, long startedAt)
    {
        for (var i = 0; i < _tried.Count; i++) reports.Add(_all[i].Report(startedAt));
    }

    public void Clear()
    {
        for (var i = 0; i < _tried.Count; i++) _all[i].Clear();
        _tried.Clear();
        Winner = null;
    }
}
