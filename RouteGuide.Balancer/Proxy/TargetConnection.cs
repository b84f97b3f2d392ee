using RouteGuide.Http2;
using RouteGuide.Http2.Connections;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>A connection to a target: HTTP/2, with prior knowledge or over TLS, multiplexed.</summary>
internal sealed class TargetConnection(ProxyLoop loop, IChannel channel, TargetPool pool, Http2Limits limits) : Http2Channel(loop, channel, Http2Role.Client, limits)
{
    private KeepAlive _keepAlive = new(ProxyOptions.TargetQuietMs, ProxyOptions.TargetPingTimeoutMs);
    private bool _hasNewRequests; // since the last write
    private bool _hasSpoken; // headers or data have come since the last PING

    public ProxyLoop Loop { get; } = loop;

    /// <summary>The target has sent its SETTINGS: it speaks HTTP/2, and how many streams it allows is known.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Milliseconds of the loop.</summary>
    public long MadeMs { get; } = loop.NowMs;

    /// <summary>A call can begin here. Not while much waits to be written: the headers of many calls would come on top, without bound.</summary>
    public bool HasRoom => IsReady && !IsOver && Connection.CanOpenStream && !Connection.PauseReading;

    /// <summary>It is encrypted, which a request's scheme has to say.</summary>
    public bool IsTls { get; } = channel is TlsChannel;

    public string LossReason => EndReason ?? Connection.Failure?.Message ?? "it was closed";

    /// <summary>Sends a request's headers; there is room.</summary>
    public Http2Stream Open(Attempt attempt, HeaderList headers, bool endStream, in ExtraField extra)
    {
        _hasNewRequests = true;
        attempt.RequestAt = Produced;
        return Connection.OpenStream(headers, endStream, attempt, in extra) ?? throw new InvalidOperationException("The connection to the target has no room for the call that it was given.");
    }

    /// <summary>Whether the target may have seen any of a call's request.</summary>
    public bool HasLeft(Attempt attempt) => attempt.RequestAt < Left;

    /// <summary>No new calls; it closes when those that run have ended.</summary>
    public void Retire()
    {
        Connection.BeginDrain(Loop.NowMs);
        pool.OnLeaving(this);
        Loop.MarkDirty(this);
    }

    public override void OnHeaders(Http2Stream stream, HeaderList headers, bool endStream)
    {
        _hasSpoken = true;
        (stream.Tag as Attempt)?.OnResponseHeaders(headers, endStream);
    }

    public override void OnInterimHeaders(Http2Stream stream, HeaderList headers) => (stream.Tag as Attempt)?.OnInterimHeaders(headers);

    // A server's matter alone.
    public override void OnHeadersTooLarge(Http2Stream stream, HeaderList headers, bool endStream)
    {
    }

    public override void OnData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream)
    {
        _hasSpoken = true;
        if (stream.Tag is Attempt attempt) attempt.OnResponseData(stream, data, endStream);
        else Connection.Consume(stream, data.Length);
    }

    public override void OnTrailers(Http2Stream stream, HeaderList trailers) => (stream.Tag as Attempt)?.OnResponseTrailers(trailers);

    public override void OnDataSent(Http2Stream stream, int count) => (stream.Tag as Attempt)?.OnRequestTaken(count);

    public override void OnReset(Http2Stream stream, StreamReset reset) => (stream.Tag as Attempt)?.OnReset(reset);

    public override void OnClosed(Http2Stream stream)
    {
        (stream.Tag as Attempt)?.OnClosed();
        pool.OnRoom();
        if (Connection.IsPeerGone || Connection.IsDraining) Loop.MarkDirty(this);
    }

    public override void OnPeerSettings()
    {
        if (!IsReady)
        {
            IsReady = true;
            pool.OnReady(this);
        }

        pool.OnRoom();
    }

    // Those that run finish here; new ones need another connection.
    public override void OnGoAway(int lastStreamId, Http2ErrorCode code, ReadOnlySpan<byte> debugData) => Retire();

    protected override void OnWritten() => pool.OnRoom();

    protected override bool MayWrite()
    {
        var opens = _hasNewRequests;
        _hasNewRequests = false;
        return !opens || !Channel.HasPeerClosed;
    }

    // The kernel finds out about hosts that are gone; a process that hangs still acknowledges octets. Idle connections are left alone,
    // as servers forbid PINGs there.
    protected override void OnTick()
    {
        var mayPing = Connection.StreamCount > 0 && (_hasSpoken || _keepAlive.PingedMs < 0 || Loop.NowMs - _keepAlive.PingedMs >= ProxyOptions.TargetPingSpacingMs);
        switch (_keepAlive.Look(Loop.NowMs, HeardMs, mayPing))
        {
            case KeepAliveStep.Ping:
                _hasSpoken = false;
                Connection.Ping(KeepAlivePing);
                break;
            case KeepAliveStep.GiveUp:
                Abort("no answer to a PING");
                break;
            default:
                break;
        }
    }

    protected override void OnOver() => pool.OnOver(this);
}
