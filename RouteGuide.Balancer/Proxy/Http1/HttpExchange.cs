using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Proxy.Stickiness;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>
/// One request to a target of HTTP/1.1; <see cref="Exchange"/> is its like between two connections of HTTP/2.
/// <list type="number">
/// <item>A target is picked, for this request alone, and entered, so that it is not gone before the request is.</item>
/// <item>The request goes there, its body as the client sends it.</item>
/// <item>If it has certainly not left (no connection could be made), it goes to another one.</item>
/// <item>The response's head comes and goes to the client at once.</item>
/// <item>Its body follows as it comes, each piece when the client has room for it, then its trailers, where the client's protocol has some.</item>
/// <item>If either side breaks off, the other one is told: its connection ends without the rest, or its stream is reset.</item>
/// </list>
/// </summary>
internal sealed class HttpExchange(HttpRelay relay, HttpContext context, ClientOrigin origin, CallRoute route, string path)
{
    private readonly CallNotes _notes = new();
    private readonly List<Target> _tried = new(ProxyOptions.MaxAttempts);
    private readonly long _startedAt = relay.Time.GetTimestamp();
    private readonly Activity? _span = StartSpan(relay, context, path);
    private readonly PickInput _input = route.Group.Key?.Of(context.Request, path, origin) ?? default;
    private readonly CallPolicy? _policy = route.Rule.Calls;
    private readonly List<AttemptReport> _reports = [];
    private string? _traceParent;
    private long _length = -1; // of the response's body, if its head says so
    private CallTimes? _times;
    private OutcomeKind _kind;
    private long _pickedAt; // timestamps of the clock
    private long _answeredAt; // 0 if the target's headers have not come
    private long _tunnelled; // octets that passed after an upgrade
    private RequestContent? _content;
    private ExchangeEnd _end;
    private long _responseOctets;
    private CancellationToken _leaving; // the client is gone, or the target has to go
    private int _status;

    private CancellationToken ClientGone => context.RequestAborted;

    public async Task Run()
    {
        using var times = _policy is null ? null : new CallTimes(_policy, () => (_content?.Sent ?? 0) + Interlocked.Read(ref _responseOctets) + Interlocked.Read(ref _tunnelled), relay.Time);
        _times = times;
        try
        {
            if (_policy?.Limiter is not { } limiter || await Admit(limiter)) await Attempts();
        }
        finally
        {
            Report();
        }
    }

    private async Task Attempts()
    {
        AttemptFailure? failure = null;
        while (_tried.Count < ProxyOptions.MaxAttempts && await Enter(failure) is { } target)
        {
            _tried.Add(target);
            failure = await AttemptAt(target);
            if (failure is null) return;
            if (failure.IsOfConnection) route.Group.Suspects.Report(target, failure.Reason);
            if (failure.IsSafeToRepeat && _content is not { HasBegun: true }) continue;
            _end = failure.End;
            await BreakOff(StatusCodes.Status502BadGateway, $"target {target.Name} {failure.Reason}");
            return;
        }

        if (_end != default) return;
        _end = ExchangeEnd.NoTarget;
        await BreakOff(
            StatusCodes.Status503ServiceUnavailable,
            failure is null ? route.Group.Group.Targets.Current.WhyNone : $"no target could take the request in {_tried.Count} attempts; the last, {_tried[^1].Name}, {failure.Reason}");
    }

    /// <summary>Whether it may come now; else it has got its answer.</summary>
    private async Task<bool> Admit(RateLimiter limiter)
    {
        var field = limiter.Settings.Key.Header is { } name && context.Request.Headers.TryGetValue(name, out var values) ? values[0] : null;
        var retryMs = limiter.Take(limiter.KeyOf(field, origin.Remote.Address), _startedAt);
        if (retryMs == 0) return true;
        _end = ExchangeEnd.RateLimited;
        await BreakOff(StatusCodes.Status429TooManyRequests, limiter.Refusal, retryMs: retryMs);
        return false;
    }

    private static Activity? StartSpan(HttpRelay relay, HttpContext context, string path)
    {
        var headers = context.Request.Headers;
        if (!relay.Sampling.Samples(Encoding.Latin1.GetBytes(headers.TraceParent.ToString()), Random.Shared)) return null;
        return TraceContext.StartSpan(headers.TraceParent, headers.TraceState, context.Request.Method, RequestTarget.PathOf(path), isGrpc: false);
    }

    /// <summary>Step 1. Null if there is none, or if the request has got its answer.</summary>
    private async ValueTask<Target?> Enter(AttemptFailure? failure)
    {
        var target = TargetChoice.Enter(in route, in _input, _tried, again: failure is { Kind: not FailureKind.NotSent }, out var isFull);
        return isFull ? await Wait() : target;
    }

    private async Task<Target?> Wait()
    {
        var admitted = new TaskCompletionSource<Target>(TaskCreationOptions.RunContinuationsAsynchronously);
        var call = new QueuedCall(_input, [.. _tried], (_, target) => admitted.SetResult(target));
        var queue = route.Group.Queue;
        switch (queue.Wait(call))
        {
            case QueueAnswer.Useless:
                return null;
            case QueueAnswer.Full:
                _end = ExchangeEnd.Overloaded;
                await BreakOff(StatusCodes.Status503ServiceUnavailable, $"every target of the group '{route.Group.Group.Name}' has the {queue.Most} requests that it may have at once");
                return null;
            default:
                break;
        }

        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(ClientGone, _times?.Over ?? default);
        try
        {
            return await admitted.Task.WaitAsync(queue.Settings.QueueTimeout, relay.Time, leaving.Token);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            if (!queue.TryLeave(call))
            {
                (await admitted.Task).End();
                queue.OnRoom();
            }

            if (ClientGone.IsCancellationRequested)
            {
                GiveUp(e);
                return null;
            }

            _end = _times?.End ?? ExchangeEnd.Overloaded;
            if (_end == ExchangeEnd.Overloaded) await BreakOff(StatusCodes.Status503ServiceUnavailable, $"no target of the group '{route.Group.Group.Name}' had room within {queue.Settings.QueueTimeout.TotalSeconds} s");
            else await BreakOff(StatusCodes.Status504GatewayTimeout, _times!.Reason);
            return null;
        }
    }

    private async Task<AttemptFailure?> AttemptAt(Target target)
    {
        (_kind, _answeredAt, _pickedAt) = (OutcomeKind.Answered, 0, relay.Time.GetTimestamp());
        try
        {
            var failure = await Attempt(target);
            if (failure is not null) _kind = failure.Outcome;
            return failure;
        }
        finally
        {
            var outcome = new CallOutcome(_kind, IsGrpc: false, _kind == OutcomeKind.Answered ? _status : 0, TicksFrom(_pickedAt, _answeredAt), TicksFrom(_pickedAt, relay.Time.GetTimestamp()));
            if (route.Group.IsWatched) route.Group.OnOutcome(target, in outcome);
            _reports.Add(new AttemptReport(target, outcome, TicksFrom(_startedAt, _pickedAt), TicksFrom(_startedAt, _pickedAt)));
            target.End();
            route.Group.Queue.OnRoom();
        }
    }

    private long TicksFrom(long from, long to) => to == 0 ? -1 : relay.Time.GetElapsedTime(from, to).Ticks;

    /// <summary>Steps 2 to 6 with one target. Null when it is over, one way or the other; else why the target did not do it.</summary>
    private async Task<AttemptFailure?> Attempt(Target target)
    {
        using var message = RequestMessage.Make(context, origin, target.Address, path, _traceParent ??= TraceContext.ForTarget(context.Request.Headers.TraceParent, _span));
        _content = message.Content as RequestContent;
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(ClientGone, target.Expired, _times?.Over ?? default);
        _leaving = leaving.Token;
        try
        {
            using var response = await relay.Client.SendAsync(message, _leaving);
            _answeredAt = relay.Time.GetTimestamp();
            _notes.OnAnswered((int)response.StatusCode);
            if (RequestMessage.IsWebSocket(context) && (int)response.StatusCode == StatusCodes.Status101SwitchingProtocols) return await Tunnel(response);
            if (ResponseFields.TryCopy(response, context.Response) is { } fault) return new AttemptFailure(FailureKind.Invalid, default, fault);
            _status = context.Response.StatusCode;
            if (route.SetsCookies) SetCookies.Add(in route, target, context.Response.Headers, origin.IsTls);
            if (context.Features.Get<ProxyListener>() is { NamesTargets: true }) NameTarget(target);
            if (RequestMessage.HasTwoLengths(context.Request.Headers)) context.Response.Headers.Connection = "close";
            return await PassBody(response);
        }
        catch (Exception e) when (ClientGone.IsCancellationRequested)
        {
            GiveUp(e);
            return null;
        }
        catch (Exception e) when (target.Expired.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException)
        {
            return AttemptFailure.OfExpiry;
        }
        catch (Exception e) when (_times?.End is not null && e is HttpRequestException or IOException or OperationCanceledException)
        {
            _kind = _answeredAt == 0 ? OutcomeKind.TimedOut : OutcomeKind.Abandoned;
            _end = _times!.End!.Value;
            await BreakOff(StatusCodes.Status504GatewayTimeout, _times.Reason);
            return null;
        }
        catch (Exception e) when (_content?.ReadFailure is { } failure && e is HttpRequestException or IOException or OperationCanceledException or BadHttpRequestException)
        {
            await BlameClient(failure);
            return null;
        }
        catch (HttpRequestException e)
        {
            return FailureOf(e);
        }
        catch (IOException e)
        {
            return new AttemptFailure(FailureKind.ConnectionLost, default, $"lost the connection during the request: {e.Message}");
        }
    }

    private static AttemptFailure FailureOf(HttpRequestException e) => e.HttpRequestError switch
    {
        HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError =>
            new AttemptFailure(FailureKind.NotSent, default, $"cannot be reached: {(e.InnerException ?? e).Message}"),
        HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.HttpProtocolError =>
            new AttemptFailure(FailureKind.Invalid, default, $"answered with what is no response: {e.Message}"),
        _ => new AttemptFailure(FailureKind.ConnectionLost, default, $"lost the connection during the request: {(e.InnerException ?? e).Message}"),
    };

    /// <summary>Steps 4 and 5.</summary>
    private async Task<AttemptFailure?> PassBody(HttpResponseMessage response)
    {
        if (HasNoBody(response))
        {
            await context.Response.CompleteAsync();
            return null;
        }

        _length = response.Content.Headers.ContentLength ?? -1;
        var body = await response.Content.ReadAsStreamAsync(_leaving);
        // What is there already goes with the head; else the head goes alone, now.
        var ready = body.ReadAsync(Memory<byte>.Empty, _leaving);
        await context.Response.StartAsync(_leaving);
        if (!ready.IsCompleted) await context.Response.BodyWriter.FlushAsync(_leaving);
        await ready;
        if (!await Copy(body))
        {
            GiveUp(null);
            return null;
        }

        ResponseFields.CopyTrailers(response, context);
        await context.Response.CompleteAsync();
        return null;
    }

    private void NameTarget(Target target)
    {
        context.Response.Headers[Exchange.TargetField] = target.Name;
        context.Response.Headers[Exchange.AttemptField] = _tried.Count.ToString(CultureInfo.InvariantCulture);
    }

    private bool HasNoBody(HttpResponseMessage response) =>
        HttpMethods.IsHead(context.Request.Method) || _status is StatusCodes.Status204NoContent or StatusCodes.Status304NotModified || response.Content.Headers.ContentLength == 0;

    /// <summary>Step 5: false if the client takes nothing more.</summary>
    private async Task<bool> Copy(Stream body)
    {
        const int Piece = 16 * 1024;
        var writer = context.Response.BodyWriter;
        while (true)
        {
            var count = await body.ReadAsync(writer.GetMemory(Piece), _leaving);
            if (count == 0) return true;
            writer.Advance(count);
            Interlocked.Add(ref _responseOctets, count);
            var flush = await writer.FlushAsync(_leaving);
            if (IsWhole) return true;
            if (flush.IsCompleted) return false;
        }
    }

    // Nothing is left to be given to the client. One that has it all may go at once, which breaks nothing off.
    private bool IsWhole => _length >= 0 && Interlocked.Read(ref _responseOctets) == _length;

    /// <summary>Both sides have agreed to speak something else from now on, until either ends.</summary>
    private async Task<AttemptFailure?> Tunnel(HttpResponseMessage response)
    {
        if (ResponseFields.TryCopy(response, context.Response, isUpgrade: true) is { } fault) return new AttemptFailure(FailureKind.Invalid, default, fault);
        _status = StatusCodes.Status101SwitchingProtocols;
        await using var target = await response.Content.ReadAsStreamAsync(ClientGone);
        await using var client = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_leaving);
        Task[] ways = [Pass(client, target, ending.Token), Pass(target, client, ending.Token)];
        await Task.WhenAny(ways);
        await ending.CancelAsync();
        try
        {
            await Task.WhenAll(ways);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // One way's end is the other's, however it came about.
        }

        return null;
    }

    private async Task Pass(Stream from, Stream to, CancellationToken ending)
    {
        var piece = new byte[4096];
        while (await from.ReadAsync(piece, ending) is > 0 and var count)
        {
            Interlocked.Add(ref _tunnelled, count);
            await to.WriteAsync(piece.AsMemory(0, count), ending);
        }
    }

    /// <summary>Step 6: the client has gone, or takes nothing more.</summary>
    private void GiveUp(Exception? reason)
    {
        if (IsWhole) return;
        _kind = OutcomeKind.Abandoned;
        _end = relay.IsStopping ? ExchangeEnd.Shutdown : ExchangeEnd.ClientGone;
        if (reason is not null || context.Response.HasStarted) context.Abort();
    }

    /// <summary>Step 6: the client's body broke a rule, or did not come.</summary>
    private Task BlameClient(Exception failure)
    {
        _kind = OutcomeKind.Abandoned;
        _end = ExchangeEnd.ClientGone;
        if (failure is not BadHttpRequestException bad)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        // Where one request ends and the next begins is not known any more.
        return BreakOff(bad.StatusCode, bad.Message, closes: true);
    }

    /// <summary>Ends the response as clearly as is still possible.</summary>
    private async Task BreakOff(int status, string message, bool closes = false, long retryMs = 0)
    {
        _notes.OnLocalEnd(context.Response.HasStarted ? 0 : status, message);
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        _status = status;
        try
        {
            await HttpReply.Write(context, status, message, closes, retryMs);
            if (!HttpMethods.IsHead(context.Request.Method)) _notes.OnLocalBody((int)(context.Response.ContentLength ?? 0));
        }
        catch (OperationCanceledException) when (ClientGone.IsCancellationRequested)
        {
            _end = ExchangeEnd.ClientGone;
        }
    }

    private void Report()
    {
        var report = new ExchangeReport
        {
            Client = origin,
            Type = CallTypes.Of(HttpProtocol.IsHttp2(context.Request.Protocol), isGrpc: false, origin.IsTls),
            Rule = route.Rule.Rule,
            Fields = context.Request.Headers,
            ResponseFields = context.Response.Headers,
            TraceParent = _traceParent,
            Method = context.Request.Method,
            Path = path,
            Group = route.Group,
            Tries = _reports,
            Notes = _notes,
            End = _end,
            HttpStatus = _status,
            StartedAt = _startedAt,
            EndedAt = relay.Time.GetTimestamp(),
            Duration = relay.Time.GetElapsedTime(_startedAt),
            RequestBytes = _content?.Sent ?? 0,
            ResponseBytes = _responseOctets,
        };
        relay.Report(in report);
        if (_span is not null) TraceContext.End(_span, report);
    }
}
