namespace RouteGuide.Http2;

/// <summary>The parts of messages that header blocks make up (RFC 9113 section 8.1).</summary>
internal enum MessageSection : byte
{
    None,
    Request,
    Response,
    Trailers,
}
