namespace RouteGuide.Http2;

/// <summary>One stream cannot go on: it is answered with RST_STREAM, the connection lives (RFC 9113 section 5.4.2).</summary>
/// <param name="streamId">The stream that is reset.</param>
/// <param name="code">What RST_STREAM says.</param>
/// <param name="message">What was wrong, naming the frame and the value.</param>
internal sealed class Http2StreamException(int streamId, Http2ErrorCode code, string message) : Exception(message)
{
    public int StreamId { get; } = streamId;

    public Http2ErrorCode Code { get; } = code;
}
