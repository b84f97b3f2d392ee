using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Http2;

/// <summary>Who ended a stream before its time.</summary>
internal enum ResetOrigin
{
    /// <summary>RST_STREAM of the peer.</summary>
    Peer,

    /// <summary>The peer broke a rule and we reset the stream.</summary>
    Local,

    /// <summary>The connection is gone, or the peer's GOAWAY excludes the stream.</summary>
    Connection,
}

/// <summary>How a stream ended before its time.</summary>
/// <param name="Code">What RST_STREAM or GOAWAY said.</param>
/// <param name="Origin">Who ended it.</param>
/// <param name="IsSafeToRetry">The peer guarantees that it has not acted on the request (RFC 9113 sections 6.8 and 8.7).</param>
internal readonly record struct StreamReset(Http2ErrorCode Code, ResetOrigin Origin, bool IsSafeToRetry);

/// <summary>
/// What a connection reports. Called on the connection's own event loop, from inside the call that caused it; a method may call
/// any method of this or another connection but <see cref="Http2Connection.Receive"/>, <see cref="Http2Connection.Tick"/> and
/// <see cref="Http2Connection.Abandon"/>. Lists and spans are good until the method returns, but lists that are
/// frozen stay; a list is not changed.
/// </summary>
internal interface IHttp2Handler
{
    /// <summary>A request (server role) or a final response (client role) begins; with <paramref name="endStream"/> it also ends.</summary>
    void OnHeaders(Http2Stream stream, HeaderList headers, bool endStream);

    /// <summary>An interim response (1xx, client role); the final one follows.</summary>
    void OnInterimHeaders(Http2Stream stream, HeaderList headers);

    /// <summary>A request whose header list exceeds the limits (server role), with the fields before that: answer it or reset it. Its DATA and trailers follow as of any other.</summary>
    void OnHeadersTooLarge(Http2Stream stream, HeaderList headers, bool endStream);

    /// <summary>Content, possibly a part of a DATA frame. Credit for it comes back when <see cref="Http2Connection.Consume"/> is told.</summary>
    void OnData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream);

    /// <summary>Trailers; the peer's side has ended.</summary>
    void OnTrailers(Http2Stream stream, HeaderList trailers);

    /// <summary>DATA that had to wait has been written to the output.</summary>
    void OnDataSent(Http2Stream stream, int count);

    /// <summary>The stream ended before its time, other than by <see cref="Http2Connection.Reset"/>. <see cref="OnClosed"/> follows.</summary>
    void OnReset(Http2Stream stream, StreamReset reset);

    /// <summary>The stream is over, however it ended; called once for each. The reference must be dropped.</summary>
    void OnClosed(Http2Stream stream);

    /// <summary>The peer changed its settings: more or fewer streams may be opened.</summary>
    void OnPeerSettings();

    /// <summary>The peer goes away: no new streams can be opened, and those above <paramref name="lastStreamId"/> have been reported as reset.</summary>
    void OnGoAway(int lastStreamId, Http2ErrorCode code, ReadOnlySpan<byte> debugData);

    /// <summary>The peer answered <see cref="Http2Connection.Ping"/>.</summary>
    void OnPingAck(ulong opaque);

    /// <summary>The output was empty and is not any more: it wants to be flushed when this turn of the loop ends.</summary>
    void OnOutput();
}
