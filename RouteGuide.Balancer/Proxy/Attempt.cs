using RouteGuide.Balancer.Routing;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// One try of a call at one target: the target that was entered for it, the connection, the stream, and what has come. It begins with the
/// pick and ends once, by <see cref="End"/>; what is known of it then stays until the call is recycled.
/// </summary>
internal sealed class Attempt
{
    private readonly ProxyLoop _loop;
    private readonly Exchange _exchange;
    private readonly Attempts _attempts;
    private ProxyGroup _group = null!;
    private TargetPool? _waitingFor;
    private LoopTimer? _timeout;
    private long _pickedAt; // timestamps of the loop; 0 is never
    private long _sentAt;
    private long _answeredAt;
    private long _endedAt;
    private OutcomeKind _kind;
    private int _httpStatus;
    private int _grpcCode;
    private bool _responseEnded;

    public Attempt(ProxyLoop loop, Exchange exchange, Attempts attempts)
    {
        (_loop, _exchange, _attempts) = (loop, exchange, attempts);
        WaitNode = new LinkedListNode<Attempt>(this);
    }

    /// <summary>Its place among those that wait for a connection.</summary>
    public LinkedListNode<Attempt> WaitNode { get; }

    /// <summary>Where in its connection's output the request begins, to know later whether it has left.</summary>
    public long RequestAt { get; set; }

    /// <summary>Where it went, also after it has ended.</summary>
    public Target Target { get; private set; } = null!;

    /// <summary>Good while <see cref="Stream"/> is.</summary>
    public TargetConnection Connection { get; private set; } = null!;

    /// <summary>Null while it waits for a connection, and when it is over.</summary>
    public Http2Stream? Stream { get; private set; }

    /// <summary>Octets of the request's body that went into the connection.</summary>
    public long Sent { get; set; }

    /// <summary>It has not ended.</summary>
    public bool IsLive { get; private set; }

    /// <summary>Which it is of those that its rule has made, from 1; one in the place of another that no target has processed has the same.</summary>
    public int Number { get; private set; }

    /// <summary>Begins.</summary>
    /// <param name="group">The target's.</param>
    /// <param name="target">It has been entered.</param>
    /// <param name="number">See <see cref="Number"/>.</param>
    /// <param name="timeoutMs">Milliseconds until its headers have to be there; 0 for any time.</param>
    public void Begin(ProxyGroup group, Target target, int number, long timeoutMs)
    {
        Number = number;
        (_group, Target) = (group, target);
        (_pickedAt, _sentAt, _answeredAt, _endedAt) = (_loop.Loop.Timestamp, 0, 0, 0);
        (_httpStatus, _grpcCode, _responseEnded) = (0, -1, false);
        Sent = 0;
        IsLive = true;
        if (timeoutMs > 0) _loop.Timers.Set(_timeout ??= new LoopTimer(OnTimeout), _loop.NowMs + timeoutMs);
        _waitingFor = _loop.PoolOf(group, target);
        _waitingFor.Acquire(this);
    }

    /// <summary>Sends octets of the body, or has them wait in the stream, if there is one.</summary>
    public void Send(ReadOnlySpan<byte> data, bool endStream)
    {
        if (Stream is { } stream) Sent += Connection.Connection.SendData(stream, data, endStream);
    }

    /// <summary>Sends the body's trailers, if there is a stream.</summary>
    public void SendTrailers(HeaderList trailers)
    {
        if (Stream is { } stream) Connection.Connection.SendTrailers(stream, trailers);
    }

    /// <summary>A connection has room for it.</summary>
    public void OnConnection(TargetConnection connection)
    {
        _waitingFor = null;
        _sentAt = _loop.Loop.Timestamp;
        Connection = connection;
        var request = _exchange.Request;
        Stream = connection.Open(this, _attempts.HeadersFor(this, connection.IsTls), request.IsBodyless, request.TraceParent);
        _attempts.OnStream(this);
    }

    /// <summary>There is no connection and will be none.</summary>
    public void OnNoConnection(string reason)
    {
        _waitingFor = null;
        _attempts.OnFailed(this, new AttemptFailure(FailureKind.NotSent, default, reason));
    }

    public void OnResponseHeaders(HeaderList headers, bool endStream)
    {
        _answeredAt = _loop.Loop.Timestamp;
        if (_timeout is not null) _loop.Timers.Clear(_timeout);
        _responseEnded = endStream;
        var notes = ResponseNotes.Of(headers, isTrailers: false);
        (_httpStatus, _grpcCode) = (notes.HttpStatus, notes.GrpcCode);
        if (_group.IsTimed) _group.OnFirstOctet(Target, TicksFrom(_sentAt, _answeredAt));
        if (endStream) _group.OnTrailers(Target, headers);
        if (_attempts.Wins(this, headers, in notes, endStream)) _exchange.OnResponseHeaders(this, headers, in notes, endStream);
    }

    public void OnInterimHeaders(HeaderList headers)
    {
        if (_attempts.Live == 1) _exchange.OnInterimHeaders(headers);
    }

    public void OnResponseData(Http2Stream from, ReadOnlySpan<byte> data, bool endStream)
    {
        _responseEnded = endStream;
        _exchange.OnResponseData(this, from, data, endStream);
    }

    public void OnResponseTrailers(HeaderList trailers)
    {
        _responseEnded = true;
        var notes = ResponseNotes.Of(trailers, isTrailers: true);
        _grpcCode = notes.GrpcCode;
        _group.OnTrailers(Target, trailers);
        _exchange.OnResponseTrailers(trailers, in notes);
    }

    /// <summary>The connection has taken octets of the body that had to wait.</summary>
    public void OnRequestTaken(int count)
    {
        Sent += count;
        _exchange.GiveCredit(Sent);
    }

    /// <summary>The stream ended before its time.</summary>
    public void OnReset(StreamReset reset)
    {
        var left = Connection.HasLeft(this);
        var reason = Connection.LossReason;
        Detach();
        _attempts.OnFailed(this, reset switch
        {
            { IsSafeToRetry: true } => new AttemptFailure(FailureKind.Refused, Http2ErrorCode.RefusedStream, "refused the call before processing it"),
            { Origin: ResetOrigin.Connection } when !left => new AttemptFailure(FailureKind.NotSent, default, $"cannot be reached: {reason}"),
            { Origin: ResetOrigin.Connection } => new AttemptFailure(FailureKind.ConnectionLost, default, $"lost the connection during the call: {reason}"),
            { Origin: ResetOrigin.Local } => new AttemptFailure(FailureKind.Invalid, default, $"answered with what is no response ({reset.Code})"),
            _ => new AttemptFailure(FailureKind.Reset, reset.Code, $"reset the call with {reset.Code}"),
        });
    }

    /// <summary>The target was deregistered, and its calls have had their time.</summary>
    public void OnTargetExpired()
    {
        End(OutcomeKind.Abandoned, Http2ErrorCode.Cancel);
        _attempts.OnFailed(this, AttemptFailure.OfExpiry);
    }

    /// <summary>The stream is over.</summary>
    public void OnClosed()
    {
        Detach();
        End(OutcomeKind.Answered, null);
        _exchange.EndIfDone();
    }

    /// <summary>Ends it; does nothing if it has ended. A response that has come to its end counts, whatever the reason is.</summary>
    /// <param name="kind">What it was ended by.</param>
    /// <param name="code">To reset its stream with, if the target is to be told.</param>
    public void End(OutcomeKind kind, Http2ErrorCode? code)
    {
        if (!IsLive) return;
        IsLive = false;
        _kind = _responseEnded ? OutcomeKind.Answered : kind;
        _endedAt = _loop.Loop.Timestamp;
        _waitingFor?.Forget(this);
        _waitingFor = null;
        if (_timeout is not null) _loop.Timers.Clear(_timeout);
        if (Detach() is { } stream && code is { } reset) Connection.Connection.Reset(stream, reset);
        _attempts.OnEnded(wentWell: _kind == OutcomeKind.Answered && _grpcCode == 0);
        if (_group.IsWatched) _group.OnOutcome(Target, Outcome());
        Target.End();
        _group.Queue.OnRoom();
    }

    /// <summary>For the log: it has ended.</summary>
    public AttemptReport Report(long startedAt) => new(Target, Outcome(), TicksFrom(startedAt, _pickedAt), TicksFrom(startedAt, _sentAt));

    /// <summary>Lets go of everything.</summary>
    public void Clear()
    {
        _group = null!;
        Target = null!;
        Connection = null!;
    }

    private CallOutcome Outcome()
    {
        var status = _kind != OutcomeKind.Answered ? 0 : _exchange.IsGrpc ? GrpcProtocol.CodeOf(_httpStatus, _grpcCode) : _httpStatus;
        return new CallOutcome(_kind, _exchange.IsGrpc, status, _answeredAt == 0 ? -1 : TicksFrom(_sentAt, _answeredAt), TicksFrom(_pickedAt, _endedAt));
    }

    private long TicksFrom(long from, long to) => to == 0 ? -1 : _loop.Shared.Time.GetElapsedTime(from, to).Ticks;

    private void OnTimeout()
    {
        End(OutcomeKind.TimedOut, Http2ErrorCode.Cancel);
        _attempts.OnFailed(this, new AttemptFailure(FailureKind.TimedOut, default, "had not answered when the time for one attempt was over"));
    }

    private Http2Stream? Detach()
    {
        var stream = Stream;
        Stream = null;
        if (stream is not null) stream.Tag = null;
        return stream;
    }
}
