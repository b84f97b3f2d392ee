namespace RouteGuide.Http2.Frames;

/// <summary>Flag bits; which of them a frame type defines is in RFC 9113 section 6, undefined ones are ignored (section 4.1).</summary>
internal static class FrameFlags
{
    public const byte None = 0;

    /// <summary>DATA, HEADERS: the last frame of this direction.</summary>
    public const byte EndStream = 0x1;

    /// <summary>SETTINGS, PING: an acknowledgement.</summary>
    public const byte Ack = 0x1;

    /// <summary>HEADERS, CONTINUATION, PUSH_PROMISE: the header block is complete.</summary>
    public const byte EndHeaders = 0x4;

    /// <summary>DATA, HEADERS, PUSH_PROMISE: the first payload octet is a pad length.</summary>
    public const byte Padded = 0x8;

    /// <summary>HEADERS: five octets of (ignored) priority come before the block.</summary>
    public const byte Priority = 0x20;
}
