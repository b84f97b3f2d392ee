using System.Diagnostics;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client.Internal;

/// <summary>
/// The life of a call: it ends exactly once, whoever is first: the server's answer, an error, the deadline, the caller's token, or Dispose. What the
/// application asks about (status, trailers, response headers) is kept here and made only when it is asked for.
/// </summary>
internal abstract partial class GrpcCall : ICallControl
{
    private static readonly Action<object?> CancelByCaller = static call => ((GrpcCall)call!).End(CanceledByCaller, stop: true);
    private static readonly Status CanceledByCaller = new(StatusCode.Cancelled, "Call canceled by the client.");
    private static readonly Status Disposed = new(StatusCode.Cancelled, "gRPC call disposed.");
    private static readonly Status DeadlineExceeded = new(StatusCode.DeadlineExceeded, "");

    // Stops the HTTP request. It doubles as the lock of this object's state.
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _callerToken;
    private CancellationTokenRegistration _callerRegistration;
    private DeadlineTimer? _deadlineTimer;

    private volatile bool _hasEnded;
    private bool _isStoppedHere;
    private Status _status;
    private HttpResponseMessage? _response;
    private ResponseKind _kind;
    private TaskCompletionSource<Metadata>? _headersRequested;
    private Metadata? _trailers;

    protected GrpcCall(GrpcChannel channel, IMethod method, MethodInformation information, string? host, in CallOptions options)
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
            lock (_stop)
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

    public WriteOptions? WriteOptions { get; }

    public GrpcChannel Channel { get; }

    public MethodInformation Information { get; }

    /// <summary>Cancelled when the call ends before its answer is complete.</summary>
    public CancellationToken Stopped => _stop.Token;

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

    protected HttpResponseMessage? Response => _response;

    public Status GetStatus()
    {
        lock (_stop) return _hasEnded ? _status : throw NotEnded();
    }

    public Metadata GetTrailers()
    {
        lock (_stop) return _hasEnded ? Trailers() : throw NotEnded();
    }

    public void Dispose()
    {
        IsDisposed = true;
        End(Disposed, stop: true);
    }

    /// <summary>Ends the call because the application gave up one of its reads or writes.</summary>
    public CancellationTokenRegistration CancelWith(CancellationToken token) =>
        token.CanBeCanceled ? token.UnsafeRegister(CancelByCaller, this) : default;

    /// <summary>Ends the call because of an exception; <paramref name="what"/> begins the detail.</summary>
    public void Fail(Exception exception, string what)
    {
        var status = ErrorMapping.ToStatus(exception, what);
        // A server that gives up at the deadline may reset the stream before our own timer fires: it is the same thing.
        if (status.StatusCode == StatusCode.Cancelled && Deadline <= DateTime.UtcNow) status = DeadlineExceeded;
        End(status, stop: true);
    }

    /// <summary>Ends the call with the status in the trailers; the response must have been read to its end.</summary>
    public void EndWithTrailers()
    {
        Debug.Assert(_response is not null);
        End(ResponseStatus.FromTrailers(_response.TrailingHeaders));
    }

    /// <summary>Ends the call, if it has not ended before.</summary>
    /// <param name="status">How.</param>
    /// <param name="stop">Whether the request is still under way and must be stopped.</param>
    public void End(in Status status, bool stop = false)
    {
        HttpResponseMessage? response;
        lock (_stop)
        {
            if (_hasEnded) return;
            _status = status;
            _isStoppedHere = stop;
            _hasEnded = true;
            response = _response;
            AnswerHeaders();
        }

        _callerRegistration.Unregister();
        _deadlineTimer?.Dispose();
        Channel.Remove(this);
        if (status.StatusCode != StatusCode.OK) LogEnded(Channel.Logger, Method.FullName, status.StatusCode, status.Detail, status.DebugException);
        OnEnded();
        if (stop) _stop.Cancel();
        // Headers and trailers stay readable. What is left of the body is not wanted: if there is any, the stream is reset.
        response?.Dispose();
    }

    /// <summary>What the application gets for a call that has ended badly.</summary>
    public Exception CreateException()
    {
        lock (_stop)
        {
            Debug.Assert(_hasEnded);
            var exception = new RpcException(_status, Trailers());
            if (!Channel.ThrowsOperationCanceled) return exception;
            return _status.StatusCode == StatusCode.DeadlineExceeded || (_status.StatusCode == StatusCode.Cancelled && _isStoppedHere)
                ? new OperationCanceledException(_status.ToString(), exception, _callerToken)
                : exception;
        }
    }

    /// <summary>Starts what can end the call from outside. It may have ended when this returns.</summary>
    protected void Begin()
    {
        Channel.Add(this);
        if (Deadline is { } deadline)
        {
            if (deadline <= DateTime.UtcNow)
            {
                End(DeadlineExceeded, stop: true);
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

    /// <summary>Takes the response's headers; false if the call has ended, by them or before them.</summary>
    protected bool Accept(HttpResponseMessage response)
    {
        var endsCall = ResponseStatus.EndsCall(response, out var status, out var isTrailersOnly);
        lock (_stop)
        {
            if (!_hasEnded)
            {
                _response = response;
                _kind = !endsCall ? ResponseKind.Messages : isTrailersOnly ? ResponseKind.TrailersOnly : ResponseKind.NotGrpc;
                AnswerHeaders();
                if (!endsCall) return true;
            }
        }

        if (endsCall) End(CheckEarlyEnd(status));
        response.Dispose();
        return false;
    }

    /// <summary>What a status in the headers means for this kind of call.</summary>
    protected abstract Status CheckEarlyEnd(in Status status);

    /// <summary>Frees what only a running call needs.</summary>
    protected virtual void OnEnded()
    {
    }

    internal void OnDeadline() => End(DeadlineExceeded, stop: true);

    private void AnswerHeaders()
    {
        if (_headersRequested is not { Task.IsCompleted: false } requested) return;

        if (_kind is ResponseKind.Messages or ResponseKind.NotGrpc)
        {
            requested.TrySetResult(ResponseMetadata.From(_response!.Headers, Channel.Logger));
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
        ResponseKind.Messages => ResponseMetadata.From(_response!.TrailingHeaders, Channel.Logger),
        ResponseKind.TrailersOnly => ResponseMetadata.From(_response!.Headers, Channel.Logger),
        _ => [],
    };

    private static InvalidOperationException NotEnded() => new("The call has not ended: its status and trailers are not known yet.");

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Call {Method} ended with {StatusCode}: {Detail}")]
    private static partial void LogEnded(ILogger logger, string method, StatusCode statusCode, string detail, Exception? exception);
}
