namespace RouteGuide.Http2.Streams;

/// <summary>
/// Where a stream stands (RFC 9113 section 5.1). Server push is off in both roles, so the two reserved states never occur.
/// <code>
///                    send or receive HEADERS
///            idle ------------------------------.
///                                               v
///                            receive END_STREAM    send END_STREAM
///     half closed (remote) &lt;-------- open --------> half closed (local)
///              |                      |                      |
///              | send END_STREAM      | send or receive      | receive END_STREAM
///              | send or receive      | RST_STREAM           | send or receive
///              | RST_STREAM           v                      | RST_STREAM
///              '------------------> closed &lt;----------------'
/// </code>
/// </summary>
internal enum StreamState : byte
{
    Idle,
    Open,

    /// <summary>We have ended our side.</summary>
    HalfClosedLocal,

    /// <summary>The peer has ended its side.</summary>
    HalfClosedRemote,

    Closed,
}

/// <summary>What moves a stream from state to state.</summary>
internal enum StreamEvent : byte
{
    /// <summary>HEADERS sent or received that opens the stream.</summary>
    Headers,

    /// <summary>We sent END_STREAM.</summary>
    SendEnd,

    /// <summary>The peer sent END_STREAM.</summary>
    ReceiveEnd,

    /// <summary>RST_STREAM, from either end.</summary>
    Reset,
}

/// <summary>The legal transitions; all others are refused.</summary>
internal static class StreamStates
{
    public static bool TryNext(StreamState state, StreamEvent what, out StreamState next)
    {
        StreamState? result = (state, what) switch
        {
            (StreamState.Idle, StreamEvent.Headers) => StreamState.Open,
            (StreamState.Open, StreamEvent.SendEnd) => StreamState.HalfClosedLocal,
            (StreamState.Open, StreamEvent.ReceiveEnd) => StreamState.HalfClosedRemote,
            (StreamState.HalfClosedLocal, StreamEvent.ReceiveEnd) => StreamState.Closed,
            (StreamState.HalfClosedRemote, StreamEvent.SendEnd) => StreamState.Closed,
            (StreamState.Open or StreamState.HalfClosedLocal or StreamState.HalfClosedRemote, StreamEvent.Reset) => StreamState.Closed,
            _ => null,
        };
        next = result ?? state;
        return result is not null;
    }

    /// <summary>The peer may still send HEADERS and DATA.</summary>
    public static bool CanReceive(this StreamState state) => state is StreamState.Open or StreamState.HalfClosedLocal;

    /// <summary>We may still send HEADERS and DATA.</summary>
    public static bool CanSend(this StreamState state) => state is StreamState.Open or StreamState.HalfClosedRemote;
}
