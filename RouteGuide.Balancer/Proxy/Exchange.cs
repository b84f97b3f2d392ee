using System.Diagnostics;
using RouteGuide.Balancer.Http2;
using RouteGuide.Balancer.Http2.Hpack;
using RouteGuide.Balancer.Http2.Streams;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// One call: a client's stream joined to a target's. Everything happens on one event loop, as frames come in.
/// <list type="number">
/// <item>A target is picked, for this call alone, and entered, so that it is not gone before the call is; a connection to it is waited for if need be.</item>
/// <item>The request goes there: the headers at once, the body as the client sends it. The client gets credit as the target takes.</item>
/// <item>If the target has certainly not processed it, the call goes to another one, with the body sent so far.</item>
/// <item>The response's headers come: from now on the call belongs to this target.</item>
/// <item>Its body and trailers pass to the client, also when the request has not ended yet. The target gets credit as the client takes.</item>
/// <item>If either side breaks off, the other one is told how; the rest of the request is left.</item>
/// </list>
/// Objects are used again: an exchange that is over is recycled by its loop at the end of the turn, when nobody on the stack holds it.
/// </summary>
internal sealed class Exchange
{
    private readonly ProxyLoop _loop;
    private readonly RequestRelay _request;
    private readonly LoopTimer _deadline;
    private readonly List<Target> _tried = new(ProxyOptions.MaxAttempts);
    private ClientConnection _client = null!;
    private ProxyGroup _group = null!;
    private Http2Stream? _clientStream;
    private Target? _target;
    private TargetConnection? _connection;
    private Http2Stream? _targetStream;
    private TargetPool? _waitingFor;
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
        _request = new RequestRelay(loop);
        _deadline = new LoopTimer(OnDeadline);
        WaitNode = new LinkedListNode<Exchange>(this);
    }

    /// <summary>Its place among those that wait for a connection.</summary>
    public LinkedListNode<Exchange> WaitNode { get; }

    /// <summary>Where in its connection's output the request begins, to know later whether it has left.</summary>
    public long RequestAt { get; set; }

    /// <summary>Octets that it holds for its client.</summary>
    public long HeldOctets => ProxyLoop.CallOctets + _request.HeldOctets;

    /// <summary>Steps 1 and 2: a request has begun.</summary>
    public void Begin(ClientConnection client, ProxyGroup group, Http2Stream stream, HeaderList headers, in RequestKind kind, bool endStream)
    {
        _span = TraceContext.StartSpan(headers, kind.IsGrpc);
        _request.Begin(headers, client.Origin, _span, endStream);
        Begin(client, group, stream, kind, _request.TryGetDeadline(out var after) ? after : null);
    }

    /// <summary>Steps 1 and 2: a request has begun, of a kind that this client has sent before.</summary>
    public void Begin(ClientConnection client, Http2Stream stream, RequestTemplate template, bool endStream)
    {
        _request.Begin(template, endStream);
        Begin(client, template.Group, stream, template.Kind, template.Timeout);
    }

    /// <summary>Step 2: the client's body.</summary>
    public void OnRequestData(ReadOnlySpan<byte> data, bool endStream)
    {
        _request.Add(data, endStream, _connection, _targetStream);
        GiveCredit();
    }

    /// <summary>Step 2: the client's trailers (gRPC has none, HTTP/2 does).</summary>
    public void OnRequestTrailers(HeaderList trailers)
    {
        _request.AddTrailers(trailers, _connection, _targetStream);
        EndIfDone();
    }

    /// <summary>Step 2: the target's connection has taken octets of the body that had to wait.</summary>
    public void OnRequestTaken(int count)
    {
        _request.OnTaken(count);
        GiveCredit();
    }

    /// <summary>Step 2: a connection has room for the call.</summary>
    public void OnConnection(TargetConnection connection)
    {
        _waitingFor = null;
        _connection = connection;
        var headers = _tried.Count == 1 ? _request.HeadersFor(connection.IsTls) : _request.HeadersWithTimeLeft(connection.IsTls, _loop.Loop.ElapsedSince(_startedAt));
        _targetStream = connection.Open(this, headers, _request.IsBodyless, _request.TraceParent);
        _request.SendKept(connection, _targetStream);
        GiveCredit();
    }

    /// <summary>Step 3: there is no connection and will be none.</summary>
    public void OnNoConnection(string reason)
    {
        _waitingFor = null;
        Failed(new AttemptFailure(FailureKind.NotSent, default, reason));
    }

    /// <summary>Step 4.</summary>
    public void OnResponseHeaders(HeaderList headers, bool endStream)
    {
        _responseStarted = true;
        _request.Commit();
        _loop.Timers.Clear(_deadline);
        var notes = ResponseNotes.Of(headers, isTrailers: false);
        (_httpStatus, _hasLength) = (notes.HttpStatus, notes.HasLength);
        if (notes.GrpcStatus is not null) _status = notes.GrpcStatus;
        if (endStream) ResponseEnds();
        if (_clientStream is { } stream) _client.Connection.SendHeaders(stream, headers, endStream);
        if (endStream) AfterResponse();
    }

    /// <summary>Step 4: a response that announces the real one.</summary>
    public void OnInterimHeaders(HeaderList headers)
    {
        if (_clientStream is { } stream) _client.Connection.SendInterimHeaders(stream, headers);
    }

    /// <summary>Step 5.</summary>
    public void OnResponseData(Http2Stream from, ReadOnlySpan<byte> data, bool endStream)
    {
        if (endStream) ResponseEnds();
        _responseOctets += data.Length;
        var sent = _clientStream is { } stream ? _client.Connection.SendData(stream, data, endStream) : data.Length;
        if (_targetStream == from) _connection!.Connection.Consume(from, sent);
        if (endStream) AfterResponse();
    }

    /// <summary>Step 5.</summary>
    public void OnResponseTrailers(HeaderList trailers)
    {
        if (ResponseNotes.Of(trailers, isTrailers: true).GrpcStatus is { } status) _status = status;
        ResponseEnds();
        if (_clientStream is { } stream) _client.Connection.SendTrailers(stream, trailers);
        AfterResponse();
    }

    /// <summary>Step 5: the client's connection has taken octets of the response that had to wait.</summary>
    public void OnResponseTaken(int count)
    {
        if (_targetStream is { } stream) _connection!.Connection.Consume(stream, Math.Min(count, stream.Unconsumed));
        EndClientIfSent();
    }

    /// <summary>Steps 3 and 6: the target's stream ended before its time.</summary>
    public void OnTargetReset(StreamReset reset)
    {
        var connection = _connection!;
        var left = connection.HasLeft(this);
        LeaveTarget(null);
        Failed(reset switch
        {
            { IsSafeToRetry: true } => new AttemptFailure(FailureKind.Refused, Http2ErrorCode.RefusedStream, "refused the call before processing it"),
            { Origin: ResetOrigin.Connection } when !left => new AttemptFailure(FailureKind.NotSent, default, $"cannot be reached: {connection.LossReason}"),
            { Origin: ResetOrigin.Connection } => new AttemptFailure(FailureKind.ConnectionLost, default, $"lost the connection during the call: {connection.LossReason}"),
            { Origin: ResetOrigin.Local } => new AttemptFailure(FailureKind.Invalid, default, $"answered with what is no response ({reset.Code})"),
            _ => new AttemptFailure(FailureKind.Reset, reset.Code, $"reset the call with {reset.Code}"),
        });
    }

    /// <summary>Step 6: the target was deregistered, and its calls have had their time.</summary>
    public void OnTargetExpired()
    {
        LeaveTarget(Http2ErrorCode.Cancel);
        Failed(AttemptFailure.OfExpiry);
    }

    /// <summary>The target's stream is over.</summary>
    public void OnTargetClosed()
    {
        LeaveTarget(null);
        EndIfDone();
    }

    /// <summary>Step 6: the client's stream ended before its time.</summary>
    public void OnClientReset(StreamReset reset)
    {
        _clientStream = null;
        _end = ExchangeEnd.ClientGone;
        LeaveTarget(reset.Origin == ResetOrigin.Peer && reset.Code != Http2ErrorCode.NoError ? reset.Code : Http2ErrorCode.Cancel);
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
        LeaveTarget(Http2ErrorCode.Cancel);
        BreakOff(GrpcStatus.Unavailable, "the balancer is stopping", null);
    }

    /// <summary>Writes down what became of it and lets go of everything; the loop calls it once, at the end of a turn.</summary>
    public void Recycle()
    {
        var log = _loop.Shared.Log;
        if (log.IsEnabled || _span is not null)
        {
            var report = Report();
            log.Write(report);
            if (_span is not null) TraceContext.End(_span, report);
        }

        _loop.Timers.Clear(_deadline);
        _request.Clear();
        _tried.Clear();
        _client = null!;
        _group = null!;
        _clientStream = null;
        _span = null;
        _status = null;
        _end = default;
        _httpStatus = 0;
        _responseOctets = 0;
        _responseStarted = _responseEnded = _hasLength = _over = false;
    }

    private void Begin(ClientConnection client, ProxyGroup group, Http2Stream stream, in RequestKind kind, TimeSpan? deadline)
    {
        _client = client;
        _group = group;
        _clientStream = stream;
        _kind = kind;
        _startedAt = _loop.Loop.Timestamp;
        if (deadline is { } after && after.TotalMilliseconds < int.MaxValue) _loop.Timers.Set(_deadline, _loop.NowMs + (long)Math.Ceiling(after.TotalMilliseconds));
        Next(null);
    }

    private ExchangeReport Report() => new()
    {
        Client = _client.Origin.Remote,
        Request = _request.Headers,
        Target = _tried.Count > 0 ? _tried[^1] : null,
        End = _end,
        HttpStatus = _httpStatus,
        GrpcStatus = _status,
        Duration = _loop.Loop.ElapsedSince(_startedAt),
        RequestBytes = _request.Sent,
        ResponseBytes = _responseOctets,
        Attempts = _tried.Count,
    };

    /// <summary>Steps 1 and 3: the next target, or the answer that there is none.</summary>
    private void Next(AttemptFailure? failure)
    {
        if (TargetChoice.Enter(_group, _tried, failure) is not { } target)
        {
            _end = ExchangeEnd.NoTarget;
            Reply(
                GrpcStatus.Unavailable,
                StatusCodes.Status503ServiceUnavailable,
                failure is null ? _group.Group.Targets.Current.WhyNone : $"no target could take the call in {_tried.Count} attempts; the last, {_tried[^1].Name}, {failure.Reason}");
            return;
        }

        _tried.Add(target);
        _target = target;
        _request.BeginAttempt();
        _waitingFor = _loop.PoolOf(_group, target);
        _waitingFor.Acquire(this);
    }

    /// <summary>Step 3 or 6: an attempt is over without a whole response.</summary>
    private void Failed(AttemptFailure failure)
    {
        var target = _tried[^1];
        LeaveTarget(null);
        if (failure.IsOfConnection) _group.Suspects.Report(target, failure.Reason);
        if (_clientStream is null)
        {
            EndIfDone();
            return;
        }

        if (failure.IsSafeToRepeat && _request.IsReplayable)
        {
            Next(failure);
            return;
        }

        _end = failure.Kind switch
        {
            FailureKind.Reset => ExchangeEnd.TargetReset,
            FailureKind.Invalid => ExchangeEnd.TargetInvalid,
            _ => ExchangeEnd.TargetLost,
        };
        Http2ErrorCode? code = failure.Kind switch
        {
            FailureKind.Reset => failure.Code,
            FailureKind.Invalid => Http2ErrorCode.InternalError,
            _ => null,
        };
        BreakOff(failure.Status, $"target {target.Name} {failure.Reason}", code);
    }

    private void OnDeadline()
    {
        _end = ExchangeEnd.Deadline;
        LeaveTarget(Http2ErrorCode.Cancel);
        BreakOff(GrpcStatus.DeadlineExceeded, "the deadline passed before a target had answered", null);
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
            Reply(status, _end switch { ExchangeEnd.Deadline => StatusCodes.Status504GatewayTimeout, ExchangeEnd.Shutdown => StatusCodes.Status503ServiceUnavailable, _ => StatusCodes.Status502BadGateway }, message);
        }
        else if (code is null && _kind.IsGrpc && !_hasLength)
        {
            _responseEnded = true;
            _status = GrpcProtocol.TextOf(status);
            var trailers = _loop.Resources.Outgoing;
            trailers.Clear();
            LocalReply.AddStatus(trailers, status, message);
            _client.Connection.SendTrailers(stream, trailers);
            EndClientIfSent();
        }
        else
        {
            ResetClient(code ?? Http2ErrorCode.InternalError);
            EndIfDone();
        }
    }

    private void Reply(GrpcStatus status, int httpStatus, string message)
    {
        _loop.Timers.Clear(_deadline);
        _responseStarted = _responseEnded = true;
        _httpStatus = _kind.IsGrpc ? StatusCodes.Status200OK : httpStatus;
        if (_kind.IsGrpc) _status = GrpcProtocol.TextOf(status);
        _request.Commit();
        if (_clientStream is { } stream) LocalReply.Write(_client.Connection, stream, _loop.Resources.Outgoing, _kind, status, httpStatus, message);
        EndClientIfSent();
    }

    private void ResponseEnds()
    {
        _responseEnded = true;
        if (_end == default) _end = ExchangeEnd.Completed;
    }

    // An answer may come before the request has ended; then the rest of it is of no use to the target.
    private void AfterResponse()
    {
        if (_targetStream is { } stream && stream.State.CanSend()) LeaveTarget(Http2ErrorCode.Cancel);
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

    /// <summary>Ends an attempt; with a code if the target is to be told.</summary>
    private void LeaveTarget(Http2ErrorCode? code)
    {
        _waitingFor?.Forget(this);
        _waitingFor = null;
        if (_targetStream is { } stream)
        {
            _targetStream = null;
            stream.Tag = null;
            if (code is { } reset) _connection!.Connection.Reset(stream, reset);
        }

        _connection = null;
        _target?.End();
        _target = null;
    }

    private void GiveCredit()
    {
        if (_clientStream is { } stream && _request.TakeCredit() is > 0 and var credit) _client.Connection.Consume(stream, Math.Min(credit, stream.Unconsumed));
    }

    private void EndIfDone()
    {
        if (_over || _clientStream is not null || _targetStream is not null || _waitingFor is not null) return;
        _over = true;
        _loop.Recycle(this);
    }
}
