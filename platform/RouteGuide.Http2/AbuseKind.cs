namespace RouteGuide.Http2;

/// <summary>What a peer can do cheaply that costs us: every flood there is counted as one of these in <see cref="ConnectionBudget"/>.</summary>
internal enum AbuseKind
{
    /// <summary>PING, not the acknowledgement of ours (CVE-2019-9512).</summary>
    Ping,

    /// <summary>SETTINGS, not an acknowledgement (CVE-2019-9515).</summary>
    Settings,

    /// <summary>WINDOW_UPDATE; earned by the DATA that we send (CVE-2019-9511).</summary>
    WindowUpdate,

    /// <summary>PRIORITY, PRIORITY_UPDATE and other frames that are ignored (CVE-2019-9513).</summary>
    Ignored,

    /// <summary>DATA without content that does not end the stream (CVE-2019-9518).</summary>
    EmptyData,

    /// <summary>Octets by which the frame header outweighs the content of DATA, from small frames.</summary>
    SmallData,

    /// <summary>Octets of padding.</summary>
    Padding,

    /// <summary>CONTINUATION; those of one block are limited apart (CVE-2024-27316 and its kin).</summary>
    Continuation,

    /// <summary>RST_STREAM of a stream that had not ended: rapid reset (CVE-2023-44487). Earned by streams that end well.</summary>
    PeerReset,

    /// <summary>A stream that the peer made us reset: made-you-reset (CVE-2025-8671), streams beyond the limit, malformed messages.</summary>
    LocalReset,

    /// <summary>Frames for streams that are closed already.</summary>
    ClosedStream,

    /// <summary>Interim responses (1xx), which a target may send without end.</summary>
    Interim,
}
