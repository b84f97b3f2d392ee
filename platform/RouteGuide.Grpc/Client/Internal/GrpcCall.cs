using System.Diagnostics;
using Grpc.Core;
using Grpc.Internal;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Internal.Balancing;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client.Internal;

/// <summary>
/// The life of a call: it ends exactly once, whoever is first: the server's answer, an error, the deadline, the caller's token, or Dispose. What the
/// application asks about (status, trailers, response headers) is kept here and made only when it is asked for.
/// </summary>
internal abstract partial class GrpcCall : ICallControl
{
    private static readonly Action<object?> CancelByCaller = static call => ((GrpcCall)call!).Cancel();
    private static readonly Status CanceledByCaller = new(StatusCode.Cancelled, "Call canceled by the client.");
    private static readonly Status Disposed = new(StatusCode.Cancelled, "gRPC call disposed.");
    private static readonly Status DeadlineExceeded = new(StatusCode.DeadlineExceeded, "");

    private readonly Lock _gate = new();
    private CancellationTokenSource? _stop; // made for those who need a token
    private bool _isStopped;
    private readonly CancellationToken _callerToken;
    private CancellationTokenRegistration _callerRegistration;
    private DeadlineTimer? _deadlineTimer;

    private volatile bool _hasEnded;
    private bool _isGivenUp;
    private Status _status;
    private ResponseKind _kind;
    private TaskCompletionSource<Metadata>? _headersRequested;
    private TaskCompletionSource<bool>? _answered;
    private TaskCompletionSource? _ended;
    private Metadata? _trailers;
    private Activity? _span;
    private Visit? _visit;
    private long _started;

    protected GrpcCall(GrpcChannel channel, IMethod method, MethodInformation information, string? host, in CallOptions options, int previousAttempts)
    {
        Channel = channel;
        Method = method;
        Information = information;
        Host = host;
        Headers = options.Headers;
        Credentials = options.Credentials;
        Deadline = Deadlines.Check(options.Deadline);
        _callerToken = options.CancellationToken;
        WriteOptions = options.WriteOptions;
        IsWaitForReady = options.IsWaitForReady;
        PreviousAttempts = previousAttempts;
        Exchange = channel.NewExchange(this);
    }

    /// <summary>What the response turned out to be.</summary>
    private enum ResponseKind
    {
        None,
        Messages,
        TrailersOnly,
        NotGrpc,
    }

    /// <inheritdoc/>
    public Task<Metadata> ResponseHeadersAsync
    {
        get
        {
            lock (_gate)
            {
                if (_headersRequested is null)
                {
                    _headersRequested = new TaskCompletionSource<Metadata>(TaskCreationOptions.RunContinuationsAsynchronously);
                    AnswerHeaders();
                }

                return _headersRequested.Task;
            }
        }
    }

    public bool HasEnded => _hasEnded;

    public bool IsDisposed { get; private set; }

    /// <summary>Whether the call was ended by its deadline, its caller or its disposal.</summary>
    public bool IsGivenUp => _isGivenUp;

    /// <summary>Completes with the end of the call.</summary>
    public Task Ended => _ended!.Task;

    public WriteOptions? WriteOptions { get; }

    public GrpcChannel Channel { get; }

    public MethodInformation Information { get; }

    /// <summary>The server that the call is meant for, if it is for one; before the call is started.</summary>
    public Subchannel? Server { get; init; }

    /// <summary>Cancelled when the call ends before its answer is complete.</summary>
    public CancellationToken Stopped
    {
        get
        {
            lock (_gate)
            {
                if (_isStopped && _stop is null) return new CancellationToken(canceled: true);
                return (_stop ??= new CancellationTokenSource()).Token;
            }
        }
    }

    /// <summary>The neighbours in the channel's list of running calls; the channel's own.</summary>
    public GrpcCall? Previous { get; set; }

    /// <inheritdoc cref="Previous"/>
    public GrpcCall? Next { get; set; }

    protected IMethod Method { get; }

    protected string? Host { get; }

    protected Metadata? Headers { get; }

    protected CallCredentials? Credentials { get; }

    /// <summary>In UTC; null for never.</summary>
    protected DateTime? Deadline { get; }

    /// <summary>Whether the call waits for a connection instead of failing while there is none.</summary>
    public bool IsWaitForReady { get; }

    /// <summary>How often the call was tried before; the server is told.</summary>
    protected int PreviousAttempts { get; }

    /// <summary>How the call travels.</summary>
    protected CallExchange Exchange { get; }

    /// <summary>The error for those who ask for the status too early.</summary>
    public static InvalidOperationException NotEnded() => new("The call has not ended: its status and trailers are not known yet.");

    public Status GetStatus()
    {
        lock (_gate) return _hasEnded ? _status : throw NotEnded();
    }

    public Metadata GetTrailers()
    {
        lock (_gate) return _hasEnded ? Trailers() : throw NotEnded();
    }

    public void Dispose()
    {
        IsDisposed = true;
        GiveUp(Disposed);
    }

    /// <summary>Ends the call because the caller wants no more of it.</summary>
    public void Cancel() => GiveUp(CanceledByCaller);

    /// <summary>Makes <see cref="AnsweredAsync"/> and <see cref="Ended"/> known; before the call is started.</summary>
    public void TrackAnswer()
    {
        _answered = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Whether the response has headers that messages can follow; false when the call has ended without.</summary>
    public Task<bool> AnsweredAsync() => _answered!.Task;

    /// <summary>Ends the call because the application gave up one of its reads or writes.</summary>
    public CancellationTokenRegistration CancelWith(CancellationToken token) =>
        token.CanBeCanceled ? token.UnsafeRegister(CancelByCaller, this) : default;

    /// <summary>Ends the call because of an exception; <paramref name="what"/> begins the detail.</summary>
    public void Fail(Exception exception, string what) => End(ToStatus(exception, what), stop: true);

    /// <summary>What an exception says about this call; <paramref name="what"/> begins the detail.</summary>
    public Status ToStatus(Exception exception, string what)
    {
        var status = ErrorMapping.ToStatus(exception, what);
        // A server that gives up at the deadline may reset the stream before our own timer fires: it is the same thing.
        return status.StatusCode == StatusCode.Cancelled && Deadline <= DateTime.UtcNow ? DeadlineExceeded : status;
    }

    /// <summary>Ends the call with the status in the trailers; the response must have been read to its end.</summary>
    public void EndWithTrailers()
    {
        Debug.Assert(_kind == ResponseKind.Messages);
        End(ResponseStatus.FromTrailers(Exchange.Trailers));
    }

    /// <summary>Ends the call, if it has not ended before.</summary>
    /// <param name="status">How.</param>
    /// <param name="stop">Whether the request is still under way and must be stopped.</param>
    /// <param name="isGivenUp">Whether it is this side that wants no more of the call.</param>
    public void End(in Status status, bool stop = false, bool isGivenUp = false)
    {
        CancellationTokenSource? source = null;
        lock (_gate)
        {
            if (_hasEnded) return;
            _status = status;
            _isGivenUp = isGivenUp;
            _hasEnded = true;
            _isStopped = stop;
            if (stop) source = _stop;
            AnswerHeaders();
        }

        _callerRegistration.Unregister();
        _deadlineTimer?.Dispose();
        Channel.Remove(this);
        ClientEventSource.Log.CallEnd(status.StatusCode);
        ClientTelemetry.Ended(Method.FullName, Channel.Target, status.StatusCode, _started);
        Leave(status, isComplete: !stop);
        if (Interlocked.Exchange(ref _span, null) is { } span) ClientTelemetry.EndSpan(span, Method.FullName, status);
        if (status.StatusCode != StatusCode.OK) LogEnded(Channel.Logger, Method.FullName, status.StatusCode, status.Detail, status.DebugException);
        source?.Cancel();
        // Headers and trailers stay readable. What is left of the body is not wanted: if there is any, the stream is reset.
        Exchange.Stop(stop);
        _answered?.TrySetResult(false);
        _ended?.TrySetResult();
    }

    /// <summary>What the application gets for a call that has ended badly.</summary>
    public Exception CreateException()
    {
        lock (_gate)
        {
            Debug.Assert(_hasEnded);
            var exception = new RpcException(_status, Trailers());
            if (!Channel.ThrowsOperationCanceled) return exception;
            return _isGivenUp || _status.StatusCode == StatusCode.DeadlineExceeded
                ? new OperationCanceledException(_status.ToString(), exception, _callerToken)
                : exception;
        }
    }

    /// <summary>The call is about to be sent to a server, whose calls are counted.</summary>
    public void Visiting(Visit visit)
    {
        visit.Counts.Start();
        visit.Server?.Tracker?.Start();
        Volatile.Write(ref _visit, visit);
        // It may have ended in between.
        if (HasEnded) Leave(GetStatus(), isComplete: false);
    }

    /// <summary>The call has not reached the server, and may go to another.</summary>
    public void NotReached(Exception why) => Leave(new Status(StatusCode.Unavailable, "", why), isComplete: false);

    /// <summary>Starts what can end the call from outside. It may have ended when this returns.</summary>
    protected void Begin()
    {
        // A first attempt on a channel that is disposed is an error of the application, and no call.
        if (PreviousAttempts == 0) Channel.Add(this);
        ClientEventSource.Log.CallStart(Method.FullName);
        ClientTelemetry.Started(Method.FullName, Channel.Target);
        _started = Stopwatch.GetTimestamp();
        if (PreviousAttempts > 0 && !Channel.TryAdd(this))
        {
            // The channel was disposed between two attempts.
            GiveUp(Disposed);
            return;
        }

        if (Deadline is { } deadline)
        {
            if (deadline <= DateTime.UtcNow)
            {
                GiveUp(DeadlineExceeded);
                return;
            }

            _deadlineTimer = DeadlineTimer.Start(deadline, this);
        }

        if (_callerToken.CanBeCanceled) _callerRegistration = _callerToken.UnsafeRegister(CancelByCaller, this);
        // It may have ended in between, before there was a timer or a registration to take back.
        if (HasEnded)
        {
            _callerRegistration.Unregister();
            _deadlineTimer?.Dispose();
        }
    }

    /// <summary>Begins the call's span, as the current one. Inside an async method, which keeps it from the application's code.</summary>
    protected void BeginSpan()
    {
        if (ClientTelemetry.StartSpan(Method.FullName) is not { } span) return;
        _span = span;
        // It may have ended in between: then nobody else ends the span.
        if (HasEnded && Interlocked.Exchange(ref _span, null) is not null) ClientTelemetry.EndSpan(span, Method.FullName, GetStatus());
    }

    /// <summary>Takes the response's headers; false if the call has ended, by them or before them.</summary>
    protected bool Accept()
    {
        var endsCall = ResponseStatus.EndsCall(Exchange, out var status, out var isTrailersOnly);
        lock (_gate)
        {
            if (!_hasEnded)
            {
                _kind = !endsCall ? ResponseKind.Messages : isTrailersOnly ? ResponseKind.TrailersOnly : ResponseKind.NotGrpc;
                AnswerHeaders();
                if (!endsCall)
                {
                    _answered?.TrySetResult(true);
                    return true;
                }
            }
        }

        if (endsCall) End(CheckEarlyEnd(status));
        return false;
    }

    /// <summary>What a status in the headers means for this kind of call.</summary>
    protected abstract Status CheckEarlyEnd(in Status status);

    internal void OnDeadline() => GiveUp(DeadlineExceeded);

    private void Leave(in Status status, bool isComplete)
    {
        if (Interlocked.Exchange(ref _visit, null) is not { } visit) return;
        visit.Counts.End(status.StatusCode != StatusCode.OK);
        if (visit.Server is not { Tracker: { } tracker } server) return;
        // Of an answer that was broken off, the trailers may still be on their way.
        if (tracker is ILoadListener listener && isComplete && _kind != ResponseKind.None && OrcaLoad.TryRead(_kind == ResponseKind.Messages ? Exchange.Trailers : Exchange.Headers, out var load))
            listener.OnLoad(load);
        tracker.Complete(new CompletionContext
        {
            Address = server.Address,
            Error = status.StatusCode == StatusCode.OK ? null : status.DebugException ?? new RpcException(status),
        });
    }

    private void GiveUp(in Status status) => End(status, stop: true, isGivenUp: true);

    private void AnswerHeaders()
    {
        if (_headersRequested is not { Task.IsCompleted: false } requested) return;

        if (_kind is ResponseKind.Messages or ResponseKind.NotGrpc)
        {
            var headers = Exchange.Headers.ToMetadata(Channel.Logger);
            if (PreviousAttempts > 0) headers.Add(GrpcHeaders.PreviousAttempts, $"{PreviousAttempts}");
            requested.TrySetResult(headers);
        }
        else if (_kind == ResponseKind.TrailersOnly)
        {
            requested.TrySetResult([]);
        }
        else if (_hasEnded)
        {
            requested.TrySetException(CreateException());
            // Asking for the headers and then not looking at them is no error of its own.
            _ = requested.Task.Exception;
        }
    }

    private Metadata Trailers() => _trailers ??= _kind switch
    {
        ResponseKind.Messages => Exchange.Trailers.ToMetadata(Channel.Logger),
        ResponseKind.TrailersOnly => Exchange.Headers.ToMetadata(Channel.Logger),
        _ => [],
    };

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Call {Method} ended with {StatusCode}: {Detail}")]
    private static partial void LogEnded(ILogger logger, string method, StatusCode statusCode, string detail, Exception? exception);
}
