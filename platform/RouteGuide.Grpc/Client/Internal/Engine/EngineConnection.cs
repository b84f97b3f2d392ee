using RouteGuide.Http2;
using RouteGuide.Http2.Connections;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;
using RouteGuide.Http2.Transport;

namespace Grpc.Net.Client.Internal.Engine;

/// <summary>A connection to a server. It belongs to its loop.</summary>
internal sealed class EngineConnection(ClientLoop loop, IChannel channel, ConnectionPool pool) : Http2Channel(loop, channel, Http2Role.Client, Limits)
{
    // What a server may make us hold is bounded by the engine's own defaults, but for three things. Metadata may be as large as HttpClient takes
    // it. Tiny messages may come as fast as they can. And gRPC knows no pause that is too long: how long a call lasts is for its deadline to say.
    private static readonly Http2Limits Limits = new()
    {
        MaxHeaderFields = 1000,
        MaxHeaderListSize = 64 * 1024,
        MaxHeaderBlockSize = 128 * 1024,
        SmallDataRate = new Rate(1_000_000_000, 1_000_000_000),
        SettingsTimeoutMs = 60_000,
        HeadersTimeoutMs = 600_000,
        StreamStallTimeoutMs = int.MaxValue,
        WriteStallTimeoutMs = int.MaxValue,
    };

    private bool _hasNewStreams; // since the last write
    private bool _isLeaving;

    /// <summary>How many streams the server allows is known.</summary>
    public bool HasSettings { get; private set; }

    /// <summary>Milliseconds of the loop.</summary>
    public long MadeMs { get; } = loop.NowMs;

    /// <summary>Milliseconds of the loop: when its last stream ended.</summary>
    public long IdleSinceMs { get; private set; } = loop.NowMs;

    public Http2Resources Resources => loop.Resources;

    /// <summary>Octets of output up to now.</summary>
    public long ProducedNow => Produced;

    /// <summary>No stream can be opened until another ends. Until the server has said how many it allows, it is taken for what it said on connections before.</summary>
    public bool IsFull => !Connection.CanOpenStream || (!HasSettings && Connection.StreamCount >= pool.KnownStreamLimit);

    /// <summary>A call can begin here. Not while much waits to be written: the headers of many calls would come on top.</summary>
    public bool HasRoom => !IsOver && !_isLeaving && !IsFull && !Connection.PauseReading;

    /// <summary>Sends a request's headers; there is room.</summary>
    public Http2Stream Open(EngineExchange exchange, HeaderList headers)
    {
        _hasNewStreams = true;
        return Connection.OpenStream(headers, endStream: false, exchange) ?? throw new InvalidOperationException("The connection has no room for the call that it was given.");
    }

    /// <summary>Whether the server may have seen anything of what began at this octet.</summary>
    public bool HasLeft(long beganAt) => beganAt < Left;

    /// <summary>No new calls; it closes when those that run have ended.</summary>
    public void Retire()
    {
        _isLeaving = true;
        Connection.BeginDrain(loop.NowMs);
        loop.MarkDirty(this);
    }

    /// <summary>Says goodbye and closes.</summary>
    public void End()
    {
        Connection.Close(Http2ErrorCode.NoError, "");
        loop.MarkDirty(this);
    }

    /// <summary>What the end of a stream means for its call.</summary>
    public Exception Explain(StreamReset reset) => reset.Origin switch
    {
        ResetOrigin.Peer => new HttpProtocolException((long)reset.Code, $"The server reset the stream: {Describe(reset.Code)}.", null),
        ResetOrigin.Local => new HttpProtocolException((long)reset.Code, $"The server broke the rules of HTTP/2, and the stream was reset: {Describe(reset.Code)}.", null),
        _ when reset.IsSafeToRetry => new IOException("The server is going away and has not begun with the call."),
        _ when Connection.Failure is { } failure => new HttpProtocolException((long)failure.Code, $"The server broke the rules of HTTP/2, and the connection was closed: {failure.Message}.", null),
        _ => new IOException($"The connection to the server was lost: {EndReason}."),
    };

    public override void OnHeaders(Http2Stream stream, HeaderList headers, bool endStream) => (stream.Tag as EngineExchange)?.OnHeaders(headers, endStream);

    // The final response follows.
    public override void OnInterimHeaders(Http2Stream stream, HeaderList headers)
    {
    }

    // A server's matter alone.
    public override void OnHeadersTooLarge(Http2Stream stream, HeaderList headers, bool endStream)
    {
    }

    public override void OnData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream)
    {
        if (stream.Tag is EngineExchange exchange) exchange.OnData(stream, data, endStream);
        else Connection.Consume(stream, data.Length);
    }

    public override void OnTrailers(Http2Stream stream, HeaderList trailers) => (stream.Tag as EngineExchange)?.OnTrailers(trailers);

    public override void OnDataSent(Http2Stream stream, int count) => (stream.Tag as EngineExchange)?.OnDataSent();

    public override void OnReset(Http2Stream stream, StreamReset reset) => (stream.Tag as EngineExchange)?.OnReset(stream, reset);

    public override void OnClosed(Http2Stream stream)
    {
        (stream.Tag as EngineExchange)?.OnClosed();
        IdleSinceMs = loop.NowMs;
        pool.OnRoom();
        if (_isLeaving) loop.MarkDirty(this);
    }

    public override void OnPeerSettings()
    {
        HasSettings = true;
        pool.KnownStreamLimit = Connection.MaxOpenStreams;
        pool.OnRoom();
    }

    // Calls that run finish here; new ones need another connection.
    public override void OnGoAway(int lastStreamId, Http2ErrorCode code, ReadOnlySpan<byte> debugData)
    {
        Retire();
        pool.OnRoom();
    }

    protected override void OnWritten() => pool.OnRoom();

    // A call that is written to a connection which the server has just closed would be lost, and nobody could say whether the server has seen it.
    protected override bool MayWrite()
    {
        var opens = _hasNewStreams;
        _hasNewStreams = false;
        return !opens || !Channel.HasPeerClosed;
    }

    protected override void OnOver() => pool.OnOver(this);

    private static string Describe(Http2ErrorCode code) => $"{code} (0x{(int)code:x})";
}
