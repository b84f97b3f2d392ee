namespace RouteGuide.Tests.Support;

/// <summary>The types of frames (RFC 9113, 6).</summary>
internal enum RawHttp2FrameType : byte
{
    Data = 0,
    Headers = 1,
    Priority = 2,
    RstStream = 3,
    Settings = 4,
    PushPromise = 5,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

/// <summary>Flags of frames, as far as tests use them.</summary>
internal static class RawHttp2Flags
{
    public const byte None = 0;
    public const byte EndStream = 1;
    public const byte Ack = 1;
    public const byte EndHeaders = 4;
    public const byte Padded = 8;
    public const byte Priority = 0x20;
}

/// <summary>One frame as it was on the wire. Header blocks are joined from their CONTINUATION frames and decoded.</summary>
/// <param name="Type">Its type, which may be one without a name.</param>
/// <param name="Flags">Its flags.</param>
/// <param name="StreamId">Its stream; 0 for the connection.</param>
/// <param name="Payload">Its payload without padding.</param>
/// <param name="Headers">The fields of a HEADERS frame, else empty.</param>
internal sealed record RawHttp2Frame(RawHttp2FrameType Type, byte Flags, int StreamId, byte[] Payload, IReadOnlyList<(string Name, string Value)> Headers)
{
    /// <summary>Whether it ends its stream.</summary>
    public bool EndsStream => Type is RawHttp2FrameType.Data or RawHttp2FrameType.Headers && (Flags & RawHttp2Flags.EndStream) != 0;

    /// <summary>The error code of RST_STREAM or GOAWAY.</summary>
    public int ErrorCode => System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(Payload.AsSpan(Type == RawHttp2FrameType.GoAway ? 4 : 0));
}
