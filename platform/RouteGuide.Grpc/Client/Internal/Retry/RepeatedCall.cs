using System.Globalization;
using Grpc.Core;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal.Retry;

/// <summary>
/// A call that may be sent more than once, as long as the server has not answered with headers. Each attempt is a call of its own; one of them becomes
/// what the application sees. Whoever derives from this decides which, and when another is sent.
/// </summary>
internal abstract class RepeatedCall<TRequest, TResponse> : ICallControl
    where TRequest : class
    where TResponse : class
{
    private static readonly TimeSpan TimerResolution = TimeSpan.FromMilliseconds(1);

    // Less than what a timer can wait for at once.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Method<TRequest, TResponse> _method;
    private readonly MethodInformation _information;
    private readonly string? _host;
    private readonly CallOptions _options;
    private readonly BufferedMessage? _request;
    private readonly RequestLog? _log;
    private readonly TaskCompletionSource<Attempt<TResponse>> _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Attempt<TResponse>> _attempts = [];

    // Ends a pause between two attempts.
    private readonly CancellationTokenSource _hurry = new();

    private volatile bool _isDisposed;
    private volatile bool _isCanceled;
    private int _reserved;

    /// <param name="channel">The channel.</param>
    /// <param name="method">The method.</param>
    /// <param name="information">What is known about it, with the settings for its attempts.</param>
    /// <param name="host">The authority to ask instead of the channel's; null for the channel's.</param>
    /// <param name="options">What the call is made with.</param>
    /// <param name="request">The request, for the kinds of call that have one.</param>
    protected RepeatedCall(GrpcChannel channel, Method<TRequest, TResponse> method, MethodInformation information, string? host, in CallOptions options, TRequest? request)
    {
        Channel = channel;
        _method = method;
        _information = information;
        _host = host;
        _options = options;
        if (method.Type is MethodType.Unary or MethodType.ServerStreaming) _request = BufferedMessage.Create(method.RequestMarshaller, request!);
        else _log = new RequestLog(channel.RetryBudget);
    }

    public Task<Metadata> ResponseHeadersAsync => ForwardHeadersAsync();

    public bool IsDisposed => _isDisposed;

    public CallOptions Options => _options;

    protected GrpcChannel Channel { get; }

    private GrpcCall? Final => _committed.Task.IsCompletedSuccessfully ? _committed.Task.Result.Call : null;

    public AsyncUnaryCall<TResponse> AsUnary() => new(ForwardResponseAsync(), this);

    public AsyncServerStreamingCall<TResponse> AsServerStreaming() => new(new RepeatedReader<TRequest, TResponse>(this), this);

    public AsyncClientStreamingCall<TRequest, TResponse> AsClientStreaming() => new(CreateWriter(), ForwardResponseAsync(), this);

    public AsyncDuplexStreamingCall<TRequest, TResponse> AsDuplexStreaming() => new(CreateWriter(), new RepeatedReader<TRequest, TResponse>(this), this);

    /// <summary>The attempt that the application sees, as soon as it is known.</summary>
    public Task<Attempt<TResponse>> CommittedAsync() => _committed.Task;

    /// <summary>Ends the call because the application gave up one of its reads or writes.</summary>
    public CancellationTokenRegistration CancelWith(CancellationToken token) =>
        token.CanBeCanceled ? token.UnsafeRegister(static call => ((RepeatedCall<TRequest, TResponse>)call!).Cancel(), this) : default;

    public Status GetStatus() => Final is { } final ? final.GetStatus() : throw GrpcCall.NotEnded();

    public Metadata GetTrailers() => Final is { } final ? final.GetTrailers() : throw GrpcCall.NotEnded();

    public void Dispose()
    {
        _isDisposed = true;
        foreach (var attempt in Attempts()) attempt.Call.Dispose();
        _hurry.Cancel();
    }

    /// <summary>Whether an answer stops the server from being asked again: a pushback that is no time.</summary>
    protected static bool HasPushbackStop(Metadata trailers) => trailers.Get(GrpcHeaders.RetryPushback) is not null && ReadPushback(trailers) is null;

    /// <summary>When the server wants to be asked again; null if it does not say.</summary>
    protected static TimeSpan? ReadPushback(Metadata trailers) =>
        int.TryParse(trailers.GetValue(GrpcHeaders.RetryPushback), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;

    /// <summary>Starts the first attempt. Errors of the application are thrown here, as with every call.</summary>
    protected Attempt<TResponse> StartFirst() => StartAttempt(0, _log?.TryJoin());

    /// <summary>Holds the requests for one more attempt; false if they are not all there any more.</summary>
    protected bool TryHold(out RequestLog.Sender? sender)
    {
        sender = _log?.TryJoin();
        return _log is null || sender is not null;
    }

    protected Attempt<TResponse> StartAttempt(int previousAttempts, RequestLog.Sender? sender)
    {
        var call = new GrpcCall<BufferedMessage, TResponse>(
            Channel, ReplayedMethod<TRequest, TResponse>.Of(_method), _information, _host, _options, previousAttempts);
        var attempt = Attempt<TResponse>.Start(call, _method.Type, _request, _log, sender);
        lock (_attempts) _attempts.Add(attempt);
        // They may have come before the attempt was in the list.
        if (_isDisposed) call.Dispose();
        if (_isCanceled) call.Cancel();
        return attempt;
    }

    /// <summary>Takes room for the request until the call is committed; false if there is none, and so no second attempt.</summary>
    protected bool TryKeepRequest()
    {
        if (_request is null) return true;
        if (!Channel.RetryBudget.TryReserve(0, _request.Size)) return false;
        _reserved = _request.Size;
        return true;
    }

    /// <summary>Makes an attempt what the application sees. The others, if any run, are given up.</summary>
    protected void Commit(Attempt<TResponse> chosen)
    {
        Channel.RetryBudget.Release(_reserved);
        foreach (var attempt in Attempts())
        {
            if (attempt == chosen) continue;
            attempt.Call.Cancel();
            // Nobody else looks at how it ended.
            _ = attempt.SettleAsync();
        }

        _committed.TrySetResult(chosen);
        if (_log is null) return;
        _log.Commit();
        _ = chosen.CloseAsync(_log);
    }

    /// <summary>The call cannot be made sense of: whoever waits for it is told.</summary>
    protected void Fault(Exception exception) => _committed.TrySetException(exception);

    /// <summary>Waits. If that ends early, the next attempt finds out why and ends for the same reason.</summary>
    /// <param name="pause">For how long.</param>
    /// <param name="enough">Ends it too.</param>
    protected async Task PauseAsync(TimeSpan pause, CancellationToken enough = default)
    {
        var now = DateTime.UtcNow;
        var end = pause < DateTime.MaxValue - now ? now + pause : DateTime.MaxValue;
        if (_options.Deadline < end) end = _options.Deadline.Value;
        using var hurry = CancellationTokenSource.CreateLinkedTokenSource([_hurry.Token, _options.CancellationToken, Channel.Closed, enough]);
        // A timer may be a little early, and an attempt that is sent at the deadline serves nobody.
        for (var left = end - DateTime.UtcNow; left > TimeSpan.Zero && !hurry.IsCancellationRequested; left = end - DateTime.UtcNow)
        {
            await Task.Delay(left < LongestWait ? left + TimerResolution : LongestWait, hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Attempt<TResponse>[] Attempts()
    {
        lock (_attempts) return [.. _attempts];
    }

    private void Cancel()
    {
        _isCanceled = true;
        foreach (var attempt in Attempts()) attempt.Call.Cancel();
        _hurry.Cancel();
    }

    private RepeatedWriter<TRequest, TResponse> CreateWriter() => new(this, _log!, _method.RequestMarshaller, Channel.MaxSendMessageSize);

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
