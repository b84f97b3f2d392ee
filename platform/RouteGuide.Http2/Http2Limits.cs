using RouteGuide.Http2.Frames;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Http2;

/// <summary>A bucket's size and refill.</summary>
/// <param name="Burst">How much at once, 1 and up.</param>
/// <param name="PerSecond">How much on average, 0 and up.</param>
internal readonly record struct Rate(int Burst, int PerSecond);

/// <summary>
/// Every limit of a connection. Each default says where it comes from: Kestrel (ASP.NET Core), nghttp2, Envoy, nginx, hyperium/h2, or our own
/// measurements. All are per connection; octets unless said otherwise.
/// </summary>
internal sealed record Http2Limits
{
    /// <summary>The defaults.</summary>
    public static Http2Limits Default { get; } = new();

    /// <summary>
    /// Streams that the peer may have open at once. 1,024: above the 100 of Kestrel, HAProxy and nghttpx, as one connection may be that of a
    /// gateway with a thousand callers of its own.
    /// </summary>
    [Limit(1, 1_000_000)]
    public int MaxConcurrentStreams { get; init; } = 1024;

    /// <summary>Streams that we open at once on a connection even if the peer allows more; beyond it another connection is opened.</summary>
    [Limit(1, 1_000_000)]
    public int MaxLocalStreams { get; init; } = 1000;

    /// <summary>
    /// Streams that we open while the peer's SETTINGS have not said how many it allows. 100: what RFC 9113 section 6.5.2 advises nobody to go below,
    /// and what Kestrel allows without saying so.
    /// </summary>
    [Limit(1, 1_000_000)]
    public int AssumedPeerStreams { get; init; } = 100;

    /// <summary>Payload of a frame we accept. 16 KiB: the initial value; Kestrel, nghttp2.</summary>
    [Limit(FrameRules.MinMaxFrameSize, FrameRules.MaxMaxFrameSize)]
    public int MaxFrameSize { get; init; } = FrameRules.MinMaxFrameSize;

    /// <summary>Fields of a header list, pseudo-header fields and every crumb of a cookie counted. 100: Kestrel; what nginx adopted after the HPACK reference bombs of 2026 is alike.</summary>
    [Limit(1, 10_000)]
    public int MaxHeaderFields { get; init; } = 100;

    /// <summary>A decoded header list, 32 per field included. 32 KiB: Kestrel.</summary>
    [Limit(1_024, 16 * 1024 * 1024)]
    public int MaxHeaderListSize { get; init; } = 32 * 1024;

    /// <summary>A header block as received. 64 KiB, twice the decoded limit: a list that fits has to take far more octets than it counts to exceed it.</summary>
    [Limit(1_024, 16 * 1024 * 1024)]
    public int MaxHeaderBlockSize { get; init; } = 64 * 1024;

    /// <summary>CONTINUATION frames of one block. 8: nghttp2 since CVE-2024-28182.</summary>
    [Limit(0, 1_000)]
    public int MaxContinuations { get; init; } = 8;

    /// <summary>Our decoder's table, announced to the peer. 4 KiB: the initial value; Kestrel, nghttp2.</summary>
    [Limit(0, 1024 * 1024)]
    public int DecoderTableSize { get; init; } = HpackEncoder.InitialTableSize;

    /// <summary>Our encoder's table, whatever the peer offers. 4 KiB: hyperium/h2 since 0.4.17.</summary>
    [Limit(0, 1024 * 1024)]
    public int EncoderTableSize { get; init; } = HpackEncoder.InitialTableSize;

    /// <summary>Window of a stream. 256 KiB: measured; more buys nothing on a data centre's round trips.</summary>
    [Limit(0, FlowWindow.Max)]
    public int StreamWindow { get; init; } = 256 * 1024;

    /// <summary>Window of the connection. 4 MiB: measured. It bounds what all streams together can have buffered.</summary>
    [Limit(FlowWindow.Default, FlowWindow.Max)]
    public int ConnectionWindow { get; init; } = 4 * 1024 * 1024;

    /// <summary>Output above which DATA waits in its stream. 128 KiB: measured.</summary>
    [Limit(1, 1024 * 1024 * 1024)]
    public int OutputHighWater { get; init; } = 128 * 1024;

    /// <summary>Output above which we stop reading from the peer, as reading makes more of it. Above the high water, so that two ends with much DATA to send do not wait for each other.</summary>
    [Limit(1, 1024 * 1024 * 1024)]
    public int OutputPauseReading { get; init; } = 256 * 1024;

    /// <summary>Output above which the peer is given up. 1 MiB: the headers of all streams and then some.</summary>
    [Limit(1, 1024 * 1024 * 1024)]
    public int OutputHardLimit { get; init; } = 1024 * 1024;

    /// <summary>DATA that waits in one stream, at most; what feeds it must be bounded by a window not above it. 1 MiB.</summary>
    [Limit(1, 1024 * 1024 * 1024)]
    public int MaxPendingPerStream { get; init; } = 1024 * 1024;

    /// <summary>Milliseconds for a client's preface. 10 s: Envoy's and nginx's order of magnitude.</summary>
    [Limit(100, 600_000)]
    public int PrefaceTimeoutMs { get; init; } = 10_000;

    /// <summary>Milliseconds from HEADERS to the end of its block, and for a frame once begun. 30 s: Kestrel's RequestHeadersTimeout.</summary>
    [Limit(100, 600_000)]
    public int HeadersTimeoutMs { get; init; } = 30_000;

    /// <summary>Milliseconds until the peer acknowledges SETTINGS. 10 s: nghttpx.</summary>
    [Limit(100, 600_000)]
    public int SettingsTimeoutMs { get; init; } = 10_000;

    /// <summary>Milliseconds that a stream may have DATA to send and no window. 60 s: nginx send_timeout, as abort for streams held open by a zero window.</summary>
    [Limit(100, 3_600_000)]
    public int StreamStallTimeoutMs { get; init; } = 60_000;

    /// <summary>Milliseconds that output may lie without the transport taking any. 60 s: nginx send_timeout.</summary>
    [Limit(100, 3_600_000)]
    public int WriteStallTimeoutMs { get; init; } = 60_000;

    /// <summary>Milliseconds that the first GOAWAY of a graceful stop waits for its PING before the second goes out. 1 s.</summary>
    [Limit(10, 60_000)]
    public int GoAwayRoundTripMs { get; init; } = 1_000;

    /// <summary>
    /// Milliseconds that a client has to close a connection which it was asked to leave and whose last call has ended; then the server does it. 5 s:
    /// a client may have chosen the connection for a call before it read GOAWAY and be late to send it; SocketsHttpHandler takes another
    /// connection then, but fails the call if this one is closed already (3 of a million, measured without a wait).
    /// </summary>
    [Limit(0, 60_000)]
    public int GoAwayLingerMs { get; init; } = 5_000;

    /// <summary>Closed streams that are remembered with how they ended. 128; older ones are treated leniently.</summary>
    [Limit(1, 65_536)]
    public int RememberedResets { get; init; } = 128;

    /// <summary>See <see cref="AbuseKind.Ping"/>. Clients that estimate the bandwidth send one per round trip while data flows, so DATA earns more.</summary>
    [Limit(0, 1_000_000_000)]
    public Rate PingRate { get; init; } = new(200, 20);

    /// <summary>See <see cref="AbuseKind.Settings"/>. Nobody changes settings often.</summary>
    [Limit(0, 1_000_000_000)]
    public Rate SettingsRate { get; init; } = new(50, 2);

    /// <summary>See <see cref="AbuseKind.WindowUpdate"/>. Envoy allows five per DATA frame sent; every DATA frame earns four here.</summary>
    [Limit(0, 1_000_000_000)]
    public Rate WindowUpdateRate { get; init; } = new(2000, 200);

    /// <summary>See <see cref="AbuseKind.Ignored"/>. Envoy allows 100 PRIORITY per stream; browsers send a few per request.</summary>
    [Limit(0, 1_000_000_000)]
    public Rate IgnoredFrameRate { get; init; } = new(1000, 200);

    /// <summary>See <see cref="AbuseKind.EmptyData"/>. Envoy allows one in a row; a few are legal and useless.</summary>
    [Limit(0, 1_000_000_000)]
    public Rate EmptyDataRate { get; init; } = new(100, 20);

    /// <summary>See <see cref="AbuseKind.SmallData"/>, in octets. An empty gRPC message (5 octets) costs 4: 50,000 of them a second pass.</summary>
    [Limit(0, 1_000_000_000)]
    public Rate SmallDataRate { get; init; } = new(400_000, 200_000);

    /// <summary>See <see cref="AbuseKind.Padding"/>, in octets; content earns as much padding as it has octets.</summary>
    [Limit(0, 1_000_000_000)]
    public Rate PaddingRate { get; init; } = new(256 * 1024, 64 * 1024);

    /// <summary>See <see cref="AbuseKind.Continuation"/>.</summary>
    [Limit(0, 1_000_000_000)]
    public Rate ContinuationRate { get; init; } = new(500, 100);

    /// <summary>See <see cref="AbuseKind.PeerReset"/>. 1,000 and 33 a second: nghttp2; a stream that ends well earns one.</summary>
    [Limit(0, 1_000_000_000)]
    public Rate PeerResetRate { get; init; } = new(1000, 33);

    /// <summary>See <see cref="AbuseKind.LocalReset"/>. Tighter than the 1,024 of hyperium/h2: honest peers cause next to none.</summary>
    [Limit(0, 1_000_000_000)]
    public Rate LocalResetRate { get; init; } = new(250, 20);

    /// <summary>See <see cref="AbuseKind.ClosedStream"/>. What was in flight when we reset a stream; every stream that ends earns 16.</summary>
    [Limit(0, 1_000_000_000)]
    public Rate ClosedStreamRate { get; init; } = new(10_000, 1000);

    /// <summary>See <see cref="AbuseKind.Interim"/>.</summary>
    [Limit(0, 1_000_000_000)]
    public Rate InterimRate { get; init; } = new(1000, 100);

    /// <summary>Throws if a value is outside its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the limit and its value.</exception>
    public void Validate()
    {
        LimitRanges.Validate(this);
        LimitRanges.InRange(OutputHighWater, 1, OutputPauseReading, nameof(OutputHighWater));
        LimitRanges.InRange(OutputPauseReading, OutputHighWater, OutputHardLimit, nameof(OutputPauseReading));
    }
}
