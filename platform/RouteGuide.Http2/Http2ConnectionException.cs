namespace RouteGuide.Http2;

/// <summary>The connection cannot go on: it is answered with GOAWAY and closed (RFC 9113 section 5.4.1).</summary>
/// <param name="code">What GOAWAY says.</param>
/// <param name="message">What was wrong, naming the frame and the value; sent as debug data and logged.</param>
internal sealed class Http2ConnectionException(Http2ErrorCode code, string message) : Exception(message)
{
    public Http2ErrorCode Code { get; } = code;
}
