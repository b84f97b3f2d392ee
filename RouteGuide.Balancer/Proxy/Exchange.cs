using System.Diagnostics;
using System.Globalization;
using System.Text;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Proxy.Stickiness;
using RouteGuide.Balancer.Routing;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// One call: a client's stream joined to a target's. Everything happens on one event loop, as frames come in. Here is the client's side and
/// what passes between the two; <see cref="Attempts"/> has the targets' side.
/// <list type="number">
/// <item>A target is picked, for this call alone, and entered, so that it is not gone before the call is; a connection to it is waited for if need be.</item>
/// <item>The request goes there: the headers at once, the body as the client sends it. The client gets credit as the target takes.</item>
/// <item>If the target has certainly not processed it, or the call's rule allows it, the call goes to another one, with the body sent so far.</item>
/// <item>The response's headers come: from now on the call belongs to this target.</item>
/// <item>Its body and trailers pass to the client, also when the request has not ended yet. The target gets credit as the client takes.</item>
/// <item>If either side breaks off, the other one is told how; the rest of the request is left.</item>
/// </list>
/// Objects are used again: an exchange that is over is recycled by its loop at the end of the turn, when nobody on the stack holds it.
/// </summary>
internal sealed class Exchange
{
    /// <summary>Says which target a response is from, where the listener wants it.</summary>
    public const string TargetField = "x-routeguide-target";

    /// <summary>Says which attempt it was, from 1.</summary>
    public const string AttemptField = "x-routeguide-attempt";

    private static readonly byte[] TargetFieldName = Encoding.ASCII.GetBytes(TargetField);
    private static readonly byte[] AttemptFieldName = Encoding.ASCII.GetBytes(AttemptField);

    private readonly ProxyLoop _loop;
    private readonly CallNotes _notes = new();
    private readonly Attempts _attempts;
    private readonly ExchangeTimers _timers;
    private ClientConnection _client = null!;
    private CallRoute _route;
    private Http2Stream? _clientStream;
    private RequestKind _kind;
    private ExchangeEnd _end;
    private string? _status;
    private int _httpStatus;
    private long _startedAt;
    private long _responseOctets;
    private Activity? _span;
    private bool _responseStarted;
    private bool _responseEnded; // its end was given to the client's stream
    private bool _hasLength;
    private bool _over;

    public Exchange(ProxyLoop loop)
    {
        _loop = loop;
        _attempts = new Attempts(loop, this);
        _timers = new ExchangeTimers(loop, OnDeadline, OnIdle);
        Request = new RequestRelay(loop, _attempts);
    }

    /// <summary>Where it goes.</summary>
    public ref readonly CallRoute Route => ref _route;

    /// <summary>Where it goes.</summary>
    public ProxyGroup Group => _route.Group;

    /// <summary>How it is treated; null where nothing is done to it.</summary>
    public CallPolicy? Policy { get; private set; }

    /// <summary>What its targets are chosen by.</summary>
    public PickInput Input { get; private set; }

    public RequestRelay Request { get; }

    public bool IsGrpc => _kind.IsGrpc;

    /// <summary>There is somebody to answer to.</summary>
    public bool HasClient => _clientStream is not null;

    /// <summary>Since the request came.</summary>
    public TimeSpan Elapsed => _loop.Loop.ElapsedSince(_startedAt);

    /// <summary>Octets that it holds for its client.</summary>
    public long HeldOctets => ProxyLoop.CallOctets + Request.HeldOctets;

    /// <summary>Steps 1 and 2: a request has begun.</summary>
    public void Begin(ClientConnection client, in CallRoute route, Http2Stream stream, HeaderList headers, in RequestKind kind, bool isTraced, bool endStream)
    {
        if (isTraced) _span = TraceContext.StartSpan(headers, kind.IsGrpc);
        Policy = route.Rule.Calls;
        var deadline = CallDeadline.Of(headers, Policy);
        Request.Begin(headers, client.Origin, _span, deadline.ForTarget(kind.IsGrpc), endStream);
        Input = route.Group.Key?.Of(Request.Headers, client.Origin) ?? default;
        Begin(client, in route, stream, kind, deadline, Policy?.Limiter?.KeyOf(headers, client.Origin.Remote.Address) ?? 0);
    }

    /// <summary>Steps 1 and 2: a request has begun, of a kind that this client has sent before.</summary>
    public void Begin(ClientConnection client, in CallRoute route, Http2Stream stream, RequestTemplate template, bool endStream)
    {
        Policy = template.Rule.Calls;
        Request.Begin(template, endStream);
        Input = route.Group.Key is { } key ? template.InputBy(key, client.Origin) : default;
        Begin(client, in route, stream, template.Kind, template.Deadline, template.RateKey);
    }

    /// <summary>Step 2: the client's body.</summary>
    public void OnRequestData(ReadOnlySpan<byte> data, bool endStream)
    {
        _timers.OnActivity();
        Request.Add(data, endStream);
        GiveCredit(_attempts.Sent);
    }

    /// <summary>Step 2: the client's trailers (gRPC has none, HTTP/2 does).</summary>
    public void OnRequestTrailers(HeaderList trailers)
    {
        _timers.OnActivity();
        Request.AddTrailers(trailers);
        EndIfDone();
    }

    /// <summary>Step 2: a target has taken so much of the body.</summary>
    public void GiveCredit(long sent)
    {
        if (_clientStream is { } stream && Request.TakeCredit(sent) is > 0 and var credit) _client.Connection.Consume(stream, Math.Min(credit, stream.Unconsumed));
    }

    /// <summary>Step 4.</summary>
    public void OnResponseHeaders(Attempt from, HeaderList headers, in ResponseNotes notes, bool endStream)
    {
        _responseStarted = true;
        _timers.OnActivity();
        Request.Commit();
        _timers.ResponseBegins();
        (_httpStatus, _hasLength) = (notes.HttpStatus, notes.HasLength);
        _notes.OnAnswered(notes.HttpStatus, headers);
        if (notes.GrpcStatus is not null) OnStatus(notes.GrpcStatus, headers);
        if (endStream) ResponseEnds();
        if (_clientStream is { } stream) _client.Connection.SendHeaders(stream, _route.SetsCookies || _client.NamesTargets ? WithFields(headers, from) : headers, endStream);
        if (endStream) AfterResponse();
    }

    /// <summary>Step 4: a response that announces the real one.</summary>
    public void OnInterimHeaders(HeaderList headers)
    {
        if (_clientStream is { } stream) _client.Connection.SendInterimHeaders(stream, headers);
    }

    /// <summary>Step 5.</summary>
    public void OnResponseData(Attempt attempt, Http2Stream from, ReadOnlySpan<byte> data, bool endStream)
    {
        _timers.OnActivity();
        if (endStream) ResponseEnds();
        _responseOctets += data.Length;
        var sent = _clientStream is { } stream ? _client.Connection.SendData(stream, data, endStream) : data.Length;
        if (attempt.Stream == from) attempt.Connection.Connection.Consume(from, sent);
        if (endStream) AfterResponse();
    }

    /// <summary>Step 5.</summary>
    public void OnResponseTrailers(HeaderList trailers, in ResponseNotes notes)
    {
        _notes.OnFields(trailers);
        if (notes.GrpcStatus is { } status) OnStatus(status, trailers);
        ResponseEnds();
        if (_clientStream is { } stream) _client.Connection.SendTrailers(stream, trailers);
        AfterResponse();
    }

    /// <summary>Step 5: the client's connection has taken octets of the response that had to wait.</summary>
    public void OnResponseTaken(int count)
    {
        _timers.OnActivity();
        if (_attempts.Winner is { Stream: { } stream } winner) winner.Connection.Connection.Consume(stream, Math.Min(count, stream.Unconsumed));
        EndClientIfSent();
    }

    /// <summary>Step 3: there is nobody to send it to.</summary>
    public void OnNoTarget(string message)
    {
        _end = ExchangeEnd.NoTarget;
        Reply(GrpcStatus.Unavailable, StatusCodes.Status503ServiceUnavailable, message);
    }

    /// <summary>Step 1: every target has as many calls as it may have.</summary>
    public void OnOverload(string message)
    {
        _end = ExchangeEnd.Overloaded;
        Reply(GrpcStatus.ResourceExhausted, StatusCodes.Status503ServiceUnavailable, message);
    }

    /// <summary>Whether something may be begun after so many milliseconds.</summary>
    public bool HasTimeFor(long delayMs) => _timers.HasTimeFor(delayMs);

    /// <summary>Step 6: a target's stream ended before its time, and no other attempt is made.</summary>
    public void OnBroken(Target target, AttemptFailure failure)
    {
        _end = failure.End;
        BreakOff(failure.Status, $"target {target.Name} {failure.Reason}", failure.ResetCode);
    }

    /// <summary>Step 6: the client's stream ended before its time.</summary>
    public void OnClientReset(StreamReset reset)
    {
        _clientStream = null;
        _end = ExchangeEnd.ClientGone;
        _attempts.Leave(OutcomeKind.Abandoned, reset.Origin == ResetOrigin.Peer && reset.Code != Http2ErrorCode.NoError ? reset.Code : Http2ErrorCode.Cancel);
        EndIfDone();
    }

    /// <summary>The client's stream is over.</summary>
    public void OnClientClosed()
    {
        _clientStream = null;
        EndIfDone();
    }

    /// <summary>Step 6: the time for running calls is over and the balancer ends.</summary>
    public void OnShutdown()
    {
        _end = ExchangeEnd.Shutdown;
        _attempts.Leave(OutcomeKind.Abandoned, Http2ErrorCode.Cancel);
        BreakOff(GrpcStatus.Unavailable, "the balancer is stopping", null);
    }

    /// <summary>Writes down what became of it and lets go of everything; the loop calls it once, at the end of a turn.</summary>
    public void Recycle()
    {
        var report = Report();
        _loop.Meter.OnCall(in report);
        if (_loop.Shared.Log.IsEnabled) _loop.Shared.Log.Write(_loop.Meter.Slot, in report);
        if (_span is not null) TraceContext.End(_span, report);

        _timers.Clear();
        Request.Clear();
        _attempts.Clear();
        _notes.Clear();
        _client = null!;
        _route = default;
        Policy = null;
        _clientStream = null;
        _span = null;
        _status = null;
        _end = default;
        _httpStatus = 0;
        _responseOctets = 0;
        _responseStarted = _responseEnded = _hasLength = _over = false;
    }

    /// <summary>Gives it back when both sides are over.</summary>
    public void EndIfDone()
    {
        if (_over || _clientStream is not null || _attempts.Live > 0) return;
        _over = true;
        _loop.Recycle(this);
    }

    private void Begin(ClientConnection client, in CallRoute route, Http2Stream stream, in RequestKind kind, in CallDeadline deadline, ulong rateKey)
    {
        _client = client;
        _route = route;
        _clientStream = stream;
        _kind = kind;
        _startedAt = _loop.Loop.Timestamp;
        _timers.Start(in deadline);
        if (Policy is not { } policy) _attempts.Begin(null);
        else Begin(policy, rateKey);
    }

    private void Begin(CallPolicy policy, ulong rateKey)
    {
        if (policy.Limiter is { } limiter && limiter.Take(rateKey, _loop.Loop.Timestamp) is > 0 and var retryMs)
        {
            _end = ExchangeEnd.RateLimited;
            Reply(GrpcStatus.ResourceExhausted, StatusCodes.Status429TooManyRequests, limiter.Refusal, retryMs);
            return;
        }

        _timers.StartIdle(policy.IdleMs);
        _attempts.Begin(policy);
    }

    private ExchangeReport Report()
    {
        var tries = _loop.Tries;
        tries.Clear();
        _attempts.Report(tries, _startedAt);
        return new()
        {
            Client = _client.Origin,
            Type = CallTypes.Of(isHttp2: true, _kind.IsGrpc, _client.Origin.IsTls),
            Rule = _route.Rule.Rule,
            Request = Request.Headers,
            Relay = Request,
            Group = Group,
            Tries = tries,
            Notes = _notes,
            End = _end,
            HttpStatus = _httpStatus,
            GrpcStatus = _status,
            StartedAt = _startedAt,
            EndedAt = _loop.Loop.Timestamp,
            Duration = Elapsed,
            RequestBytes = _attempts.Sent,
            ResponseBytes = _responseOctets,
        };
    }

    private void OnDeadline()
    {
        _end = ExchangeEnd.Deadline;
        _attempts.Leave(OutcomeKind.TimedOut, Http2ErrorCode.Cancel);
        BreakOff(GrpcStatus.DeadlineExceeded, _responseStarted ? "the deadline passed before the target had answered to the end" : "the deadline passed before a target had answered", null);
    }

    private void OnIdle(long idleMs)
    {
        _end = ExchangeEnd.Idle;
        _attempts.Leave(_responseStarted ? OutcomeKind.Abandoned : OutcomeKind.TimedOut, Http2ErrorCode.Cancel);
        BreakOff(GrpcStatus.Unavailable, $"nothing was sent either way for {idleMs / 1000d} s, which is the idle timeout", null);
    }

    // Which of the targets it was, and after how many others.
    private HeaderList WithFields(HeaderList headers, Attempt from)
    {
        var list = _loop.Resources.Outgoing;
        list.CopyFrom(headers);
        if (_route.SetsCookies) SetCookies.Add(in _route, from.Target, list, _client.Origin.IsTls);
        if (!_client.NamesTargets) return list;
        list.Add(TargetFieldName, Encoding.Latin1.GetBytes(from.Target.Name));
        list.Add(AttemptFieldName, Encoding.ASCII.GetBytes(_attempts.PlaceOf(from).ToString(CultureInfo.InvariantCulture)));
        return list;
    }

    /// <summary>Step 6: ends the client's stream as clearly as is still possible.</summary>
    /// <param name="status">For gRPC.</param>
    /// <param name="message">For people.</param>
    /// <param name="code">The code to reset a started response with; null when trailers may end it.</param>
    private void BreakOff(GrpcStatus status, string message, Http2ErrorCode? code)
    {
        if (_clientStream is not { } stream || _responseEnded)
        {
            EndIfDone();
        }
        else if (!_responseStarted)
        {
            Reply(status, HttpStatusOf(_end), message);
        }
        else if (code is null && _kind.IsGrpc && !_hasLength)
        {
            _responseEnded = true;
            _timers.ClearDeadline();
            _notes.OnLocalEnd(0, message);
            _status = GrpcProtocol.TextOf(status);
            var trailers = _loop.Resources.Outgoing;
            trailers.Clear();
            LocalReply.AddStatus(trailers, status, message);
            _notes.OnFields(trailers);
            _client.Connection.SendTrailers(stream, trailers);
            EndClientIfSent();
        }
        else
        {
            _notes.OnLocalEnd(0, message);
            ResetClient(code ?? Http2ErrorCode.InternalError);
            EndIfDone();
        }
    }

    private static int HttpStatusOf(ExchangeEnd end) => end switch
    {
        ExchangeEnd.Deadline or ExchangeEnd.Idle => StatusCodes.Status504GatewayTimeout,
        ExchangeEnd.Shutdown => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status502BadGateway,
    };

    private void Reply(GrpcStatus status, int httpStatus, string message, long retryMs = 0)
    {
        _timers.ClearDeadline();
        _attempts.Stop();
        _responseStarted = _responseEnded = true;
        _notes.OnLocalEnd(httpStatus, message);
        _httpStatus = _kind.IsGrpc ? StatusCodes.Status200OK : httpStatus;
        if (_kind.IsGrpc) _status = GrpcProtocol.TextOf(status);
        Request.Commit();
        if (_clientStream is { } stream) LocalReply.Write(_client.Connection, stream, _loop.Resources.Outgoing, _kind, status, httpStatus, message, _notes, retryMs);
        EndClientIfSent();
    }

    private void OnStatus(string status, HeaderList fields)
    {
        _status = status;
        _notes.OnStatus(status, fields);
    }

    private void ResponseEnds()
    {
        _responseEnded = true;
        _timers.ClearDeadline();
        if (_end == default) _end = ExchangeEnd.Completed;
    }

    // An answer may come before the request has ended; then the rest of it is of no use to the target.
    private void AfterResponse()
    {
        if (_attempts.Winner is { Stream: { } stream } winner && stream.State.CanSend()) winner.End(OutcomeKind.Answered, Http2ErrorCode.Cancel);
        EndClientIfSent();
    }

    // Nor is it to us: once the answer is out, the client is asked to stop (RFC 9113 section 8.1).
    private void EndClientIfSent()
    {
        if (_responseEnded && _clientStream is { State: StreamState.HalfClosedLocal }) ResetClient(Http2ErrorCode.NoError);
        EndIfDone();
    }

    private void ResetClient(Http2ErrorCode code)
    {
        if (_clientStream is not { } stream) return;
        _clientStream = null;
        stream.Tag = null;
        _client.Connection.Reset(stream, code);
    }
}
