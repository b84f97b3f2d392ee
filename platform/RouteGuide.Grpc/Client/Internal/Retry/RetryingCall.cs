using System.Globalization;
using Grpc.Core;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal.Retry;

/// <summary>
/// A call that is repeated under its retry policy (gRFC A6), as long as the server has not answered with headers. Each attempt is a call of its own; the
/// first that is answered, or that is not followed by another, becomes what the application sees.
/// </summary>
internal sealed class RetryingCall<TRequest, TResponse> : ICallControl
    where TRequest : class
    where TResponse : class
{
    private static readonly TimeSpan TimerResolution = TimeSpan.FromMilliseconds(1);

    // Less than what a timer can wait for at once.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly GrpcChannel _channel;
    private readonly Method<TRequest, TResponse> _method;
    private readonly MethodInformation _information;
    private readonly RetrySettings _settings;
    private readonly string? _host;
    private readonly CallOptions _options;
    private readonly BufferedMessage? _request;
    private readonly RequestLog? _log;
    private readonly TaskCompletionSource<Attempt<TResponse>> _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Ends a pause between two attempts.
    private readonly CancellationTokenSource _hurry = new();

    private volatile Attempt<TResponse> _current;
    private volatile bool _isDisposed;
    private volatile bool _isCanceled;
    private int _reserved;

    /// <param name="channel">The channel.</param>
    /// <param name="method">The method.</param>
    /// <param name="information">What is known about it, with retry settings.</param>
    /// <param name="host">The authority to ask instead of the channel's; null for the channel's.</param>
    /// <param name="options">What the call is made with.</param>
    /// <param name="request">The request, for the kinds of call that have one.</param>
    public RetryingCall(GrpcChannel channel, Method<TRequest, TResponse> method, MethodInformation information, string? host, in CallOptions options, TRequest? request)
    {
        _channel = channel;
        _method = method;
        _information = information;
        _settings = information.Retry!;
        _host = host;
        _options = options;
        if (method.Type is MethodType.Unary or MethodType.ServerStreaming) _request = BufferedMessage.Create(method.RequestMarshaller, request!);
        else _log = new RequestLog(channel.RetryBudget);

        _current = StartAttempt(0);
        _ = RunAsync(_current);
    }

    public Task<Metadata> ResponseHeadersAsync => ForwardHeadersAsync();

    public bool IsDisposed => _isDisposed;

    public CallOptions Options => _options;

    public MethodType Type => _method.Type;

    private GrpcCall? Final => _committed.Task.IsCompletedSuccessfully ? _committed.Task.Result.Call : null;

    public AsyncUnaryCall<TResponse> AsUnary() => new(ForwardResponseAsync(), this);

    public AsyncServerStreamingCall<TResponse> AsServerStreaming() => new(new RetryingReader<TRequest, TResponse>(this), this);

    public AsyncClientStreamingCall<TRequest, TResponse> AsClientStreaming() => new(CreateWriter(), ForwardResponseAsync(), this);

    public AsyncDuplexStreamingCall<TRequest, TResponse> AsDuplexStreaming() => new(CreateWriter(), new RetryingReader<TRequest, TResponse>(this), this);

    /// <summary>The attempt that the application sees, as soon as it is known.</summary>
    public Task<Attempt<TResponse>> CommittedAsync() => _committed.Task;

    /// <summary>Ends the call because the application gave up one of its reads or writes.</summary>
    public CancellationTokenRegistration CancelWith(CancellationToken token) =>
        token.CanBeCanceled ? token.UnsafeRegister(static call => ((RetryingCall<TRequest, TResponse>)call!).Cancel(), this) : default;

    public Status GetStatus() => Final is { } final ? final.GetStatus() : throw GrpcCall.NotEnded();

    public Metadata GetTrailers() => Final is { } final ? final.GetTrailers() : throw GrpcCall.NotEnded();

    public void Dispose()
    {
        _isDisposed = true;
        _current.Call.Dispose();
        _hurry.Cancel();
    }

    private void Cancel()
    {
        _isCanceled = true;
        _current.Call.Cancel();
        _hurry.Cancel();
    }

    private RetryingWriter<TRequest, TResponse> CreateWriter() => new(this, _log!, _method.RequestMarshaller, _channel.MaxSendMessageSize);

    private Attempt<TResponse> StartAttempt(int previousAttempts)
    {
        var call = new GrpcCall<BufferedMessage, TResponse>(
            _channel, ReplayedMethod<TRequest, TResponse>.Of(_method), _information, _host, _options, previousAttempts);
        return Attempt<TResponse>.Start(call, _method.Type, _request, _log);
    }

    private async Task RunAsync(Attempt<TResponse> attempt)
    {
        try
        {
            var isKept = _request is null || TryKeepRequest();
            var backoff = _settings.InitialBackoff;
            for (var number = 1; !await IsLastAsync(attempt.Call, number).ConfigureAwait(false) && isKept; number++)
            {
                await attempt.SettleAsync().ConfigureAwait(false);
                if (_log is not null && !_log.TryRestart()) break;

                var pushback = ReadPushback(attempt.Call.GetTrailers());
                await PauseAsync(pushback ?? (backoff * Random.Shared.NextDouble())).ConfigureAwait(false);
                backoff = pushback is null ? _settings.Grow(backoff) : _settings.InitialBackoff;

                _current = attempt = StartAttempt(number);
                // They may have come between two attempts.
                if (_isDisposed) attempt.Call.Dispose();
                if (_isCanceled) attempt.Call.Cancel();
            }

            Commit(attempt);
        }
        catch (Exception e)
        {
            _committed.TrySetException(e);
        }
    }

    private void Commit(Attempt<TResponse> attempt)
    {
        _channel.RetryBudget.Release(_reserved);
        _committed.TrySetResult(attempt);
        if (_log is null) return;
        _log.Commit();
        _ = attempt.CloseAsync(_log);
    }

    private bool TryKeepRequest()
    {
        if (!_channel.RetryBudget.TryReserve(0, _request!.Size)) return false;
        _reserved = _request.Size;
        return true;
    }

    /// <summary>Waits for the answer to an attempt, and says whether it is what the application gets.</summary>
    private async Task<bool> IsLastAsync(GrpcCall call, int number)
    {
        var hasHeaders = await call.AnsweredAsync().ConfigureAwait(false);
        if (hasHeaders || call.GetStatus().StatusCode == StatusCode.OK)
        {
            _channel.RetryThrottle?.Succeeded();
            return true;
        }

        // What ended it here, the deadline or the caller, would end the next attempt too.
        if (call.IsGivenUp) return true;

        var mayRetry = _settings.RetryableCodes.Contains(call.GetStatus().StatusCode);
        var isStopped = HasPushbackStop(call.GetTrailers());
        if (mayRetry || isStopped) _channel.RetryThrottle?.Failed();
        return !mayRetry || isStopped || number >= _settings.MaxAttempts || _channel.RetryThrottle is { AllowsRetries: false };
    }

    // If it ends early, the next attempt finds out why and ends for the same reason.
    private async Task PauseAsync(TimeSpan pause)
    {
        var now = DateTime.UtcNow;
        var end = pause < DateTime.MaxValue - now ? now + pause : DateTime.MaxValue;
        if (_options.Deadline < end) end = _options.Deadline.Value;
        using var hurry = CancellationTokenSource.CreateLinkedTokenSource(_hurry.Token, _options.CancellationToken, _channel.Closed);
        // A timer may be a little early, and an attempt that is sent at the deadline serves nobody.
        for (var left = end - DateTime.UtcNow; left > TimeSpan.Zero && !hurry.IsCancellationRequested; left = end - DateTime.UtcNow)
        {
            await Task.Delay(left < LongestWait ? left + TimerResolution : LongestWait, hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static bool HasPushbackStop(Metadata trailers) => trailers.Get(GrpcHeaders.RetryPushback) is not null && ReadPushback(trailers) is null;

    private static TimeSpan? ReadPushback(Metadata trailers) =>
        int.TryParse(trailers.GetValue(GrpcHeaders.RetryPushback), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;

    private async Task<TResponse> ForwardResponseAsync()
    {
        var attempt = await _committed.Task.ConfigureAwait(false);
        return await attempt.Response!.ConfigureAwait(false);
    }

    private async Task<Metadata> ForwardHeadersAsync()
    {
        var attempt = await _committed.Task.ConfigureAwait(false);
        return await attempt.Call.ResponseHeadersAsync.ConfigureAwait(false);
    }
}
