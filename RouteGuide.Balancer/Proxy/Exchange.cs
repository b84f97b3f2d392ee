using System.Collections.Frozen;
using System.Net;
using Microsoft.AspNetCore.Http.Features;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy;

/// <summary>What all exchanges share.</summary>
/// <param name="Targets">Where calls can go.</param>
/// <param name="Picker">Says where the next one goes.</param>
/// <param name="Clients">The connections there.</param>
/// <param name="Suspects">Is told of connections that fail.</param>
/// <param name="Time">For deadlines.</param>
/// <param name="Stopping">Cancelled when the time for running calls is over and the balancer ends.</param>
internal sealed record ExchangeContext(TargetTable Targets, IPicker Picker, TargetClients Clients, SuspectWatch Suspects, TimeProvider Time, CancellationToken Stopping);

/// <summary>
/// One call: a client's stream joined to a target's.
/// <list type="number">
/// <item>A target is picked, for this call alone, and entered, so that it is not gone before the call is.</item>
/// <item>The request goes there: the headers at once, the body as the client sends it.</item>
/// <item>If the target has certainly not processed it, the call goes to another one, with the body sent so far.</item>
/// <item>The response's headers come: from now on the call belongs to this target.</item>
/// <item>Its body and trailers pass to the client, also when the request has not ended yet.</item>
/// <item>If either side breaks off, the other one is told how; the rest of the request is left.</item>
/// </list>
/// </summary>
internal sealed class Exchange(HttpContext client, ExchangeContext shared)
{
    /// <summary>Those for which SocketsHttpHandler does not make up <c>content-length: 0</c>.</summary>
    private static readonly FrozenSet<string> BodilessMethods = FrozenSet.ToFrozenSet([HttpMethods.Get, HttpMethods.Head, HttpMethods.Options, HttpMethods.Delete]);

    /// <summary>What a timer can hold; longer deadlines are left to the two sides.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(int.MaxValue);

    private readonly RequestBody _body = new(client.Request.BodyReader);
    private readonly ResponseRelay _relay = new(client);
    private readonly long _started = shared.Time.GetTimestamp();
    private readonly List<Target> _tried = new(1);
    private ExchangeEnd _end;
    private string? _ownStatus;

    /// <summary>Carries the call to its end. Whatever the two sides do, the client has an answer then, or has been told that there is none.</summary>
    public async Task<ExchangeReport> Run()
    {
        AttemptFailure? failure = null;
        do
        {
            if (Enter(failure) is not { } target)
            {
                await ReplyUnreachable(failure);
                break;
            }

            try
            {
                _tried.Add(target);
                failure = await Attempt(target);
            }
            finally
            {
                target.End();
            }
        }
        while (failure is not null);

        return new ExchangeReport
        {
            Context = client,
            Target = _tried.LastOrDefault(),
            End = _end,
            GrpcStatus = _ownStatus ?? _relay.GrpcStatus,
            Duration = shared.Time.GetElapsedTime(_started),
            RequestBytes = _body.Sent,
            ResponseBytes = _relay.Sent,
            Attempts = _tried.Count,
        };
    }

    /// <summary>Step 1. Null when there is no target, or none that is worth a further attempt.</summary>
    private Target? Enter(AttemptFailure? failure)
    {
        while (_tried.Count < ProxyOptions.MaxAttempts)
        {
            var routable = shared.Targets.Current.Routable;
            if (routable.IsEmpty) return null;

            var picked = shared.Picker.Pick(routable);
            if (!_tried.Contains(picked) && picked.TryBegin()) return picked;

            foreach (var other in routable)
            {
                if (!_tried.Contains(other) && other.TryBegin()) return other;
            }

            // All were tried. One that refused may take the call on a new connection; one that cannot be reached will not.
            if (failure is { Kind: FailureKind.NotSent }) return null;
            if (failure is not null && picked.TryBegin()) return picked;

            // All gates have just closed: the next snapshot is without those targets.
        }

        return null;
    }

    /// <summary>Steps 2 to 6. Null when the client has its answer; else why another target should have the call.</summary>
    private async Task<AttemptFailure?> Attempt(Target target)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(client.RequestAborted, shared.Stopping);
        var clients = shared.Clients.Of(target);
        try
        {
            using var message = Prepare(clients, cancel);
            HttpResponseMessage response;
            try
            {
                response = await clients.Send(message, cancel.Token);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or AttemptRefusedException)
            {
                return await FailedUnanswered(target, e, message, cancel.IsCancellationRequested);
            }

            using (response)
            {
                cancel.CancelAfter(Timeout.InfiniteTimeSpan);
                _body.Commit();
                await Relay(target, response, message, cancel.Token);
            }
        }
        catch (FormatException e)
        {
            await Refuse($"the request cannot be passed on: {e.Message}");
        }
        finally
        {
            // An answer may come before the request has ended; then the rest of it is of no use to anybody.
            if (_body.IsCopying) cancel.Cancel();
            await _body.Stop();
        }

        return null;
    }

    /// <summary>Step 2.</summary>
    private AttemptMessage Prepare(TargetClient clients, CancellationTokenSource cancel)
    {
        string? timeout = null;
        if (GrpcProtocol.TryParseTimeout(client.Request.Headers[GrpcProtocol.Timeout], out var deadline))
        {
            var left = deadline - shared.Time.GetElapsedTime(_started);
            if (left < TimeSpan.Zero) left = TimeSpan.Zero;
            if (_tried.Count > 1) timeout = GrpcProtocol.FormatTimeout(left);
            if (left < LongestTimer) cancel.CancelAfter(left);
        }

        var hasBody = client.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;
        var path = client.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var message = new AttemptMessage(new HttpMethod(client.Request.Method), clients.UrlOf(path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = hasBody ? _body.ForAttempt(cancel.Token) : BodilessMethods.Contains(client.Request.Method) ? null : new EmptyContent(),
        };
        RequestFields.Copy(client, message, timeout);
        return message;
    }

    /// <summary>Step 3: there was no response. Null when the client was told so, else why another target may have the call.</summary>
    private async Task<AttemptFailure?> FailedUnanswered(Target target, Exception exception, AttemptMessage message, bool cancelled)
    {
        if (await EndedFromOutside(cancelled)) return null;

        var failure = AttemptFailure.Of(exception, message);
        if (failure.IsOfConnection) shared.Suspects.Report(target, failure.Reason);
        if (failure.IsSafeToRepeat && _body.Replayable) return failure;

        _end = failure.Kind == FailureKind.Reset ? ExchangeEnd.TargetReset : ExchangeEnd.TargetLost;
        await Reply(failure.Status, StatusCodes.Status502BadGateway, $"target {target.Name} {failure.Reason}");
        return null;
    }

    /// <summary>Steps 4 to 6.</summary>
    private async Task Relay(Target target, HttpResponseMessage response, AttemptMessage message, CancellationToken cancellation)
    {
        try
        {
            await _relay.Run(response, cancellation);
            _end = ExchangeEnd.Completed;
        }
        catch (InvalidOperationException e)
        {
            _end = ExchangeEnd.TargetInvalid;
            await BreakOff(GrpcStatus.Internal, $"the response of target {target.Name} is not valid: {e.Message}", Http2ErrorCode.InternalError);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            if (await EndedFromOutside(cancellation.IsCancellationRequested)) return;

            var failure = AttemptFailure.Of(e, message);
            if (failure.IsOfConnection) shared.Suspects.Report(target, failure.Reason);
            _end = failure.Kind == FailureKind.Reset ? ExchangeEnd.TargetReset : ExchangeEnd.TargetLost;
            await BreakOff(failure.Status, $"target {target.Name} {failure.Reason}", failure.Kind == FailureKind.Reset ? failure.Code : null);
        }
    }

    /// <summary>Whether an attempt failed because of the client, its deadline or the balancer's end; then the call is over.</summary>
    private async Task<bool> EndedFromOutside(bool cancelled)
    {
        if (client.RequestAborted.IsCancellationRequested || _body.ClientGone)
        {
            _end = ExchangeEnd.ClientGone;
            return true;
        }

        if (!cancelled) return false;
        if (shared.Stopping.IsCancellationRequested)
        {
            _end = ExchangeEnd.Shutdown;
            await BreakOff(GrpcStatus.Unavailable, "the balancer is stopping", null);
        }
        else
        {
            _end = ExchangeEnd.Deadline;
            await BreakOff(GrpcStatus.DeadlineExceeded, "the deadline passed before a target had answered", null);
        }

        return true;
    }

    /// <summary>Step 6: ends the client's stream as clearly as is still possible.</summary>
    /// <param name="status">For gRPC.</param>
    /// <param name="message">For people.</param>
    /// <param name="code">The code to reset a started response with; null when trailers may end it.</param>
    private async Task BreakOff(GrpcStatus status, string message, Http2ErrorCode? code)
    {
        if (!client.Response.HasStarted)
        {
            await Reply(status, status == GrpcStatus.DeadlineExceeded ? StatusCodes.Status504GatewayTimeout : StatusCodes.Status502BadGateway, message);
        }
        else if (code is null && GrpcProtocol.IsGrpc(client.Request.ContentType) && !_relay.HasLength && client.Features.Get<IHttpResponseTrailersFeature>() is { } trailers)
        {
            _ownStatus = LocalReply.Text(status);
            trailers.Trailers[GrpcProtocol.Status] = _ownStatus;
            trailers.Trailers[GrpcProtocol.Message] = GrpcProtocol.EncodeMessage(message);
        }
        else
        {
            client.Features.Get<IHttpResetFeature>()?.Reset((int)(code ?? Http2ErrorCode.InternalError));
        }
    }

    private Task ReplyUnreachable(AttemptFailure? failure)
    {
        _end = ExchangeEnd.NoTarget;
        return Reply(
            GrpcStatus.Unavailable,
            StatusCodes.Status503ServiceUnavailable,
            failure is null ? "no target is registered" : $"no target could take the call in {_tried.Count} attempts; the last, {_tried[^1].Name}, {failure.Reason}");
    }

    private Task Refuse(string message)
    {
        _end = ExchangeEnd.Refused;
        return Reply(GrpcStatus.InvalidArgument, StatusCodes.Status400BadRequest, message);
    }

    private Task Reply(GrpcStatus status, int httpStatus, string message)
    {
        if (GrpcProtocol.IsGrpc(client.Request.ContentType)) _ownStatus = LocalReply.Text(status);
        return LocalReply.Write(client, status, httpStatus, message);
    }
}
