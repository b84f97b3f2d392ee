using System.Buffers.Binary;

namespace RouteGuide.Http2.Frames;

/// <summary>Takes payloads of whole frames apart. Sizes have been checked by <see cref="FrameRules"/>.</summary>
internal static class FramePayload
{
    /// <summary>The header block fragment of HEADERS, without padding and priority (RFC 9113 section 6.2).</summary>
    /// <exception cref="Http2ConnectionException">The padding or the priority does not fit, or the stream depends on itself.</exception>
    public static ReadOnlySpan<byte> HeaderFragment(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        var padding = 0;
        if (header.Has(FrameFlags.Padded))
        {
            if (payload.IsEmpty) throw new Http2ConnectionException(Http2ErrorCode.FrameSizeError, "padded HEADERS without a pad length");
            padding = payload[0];
            payload = payload[1..];
        }

        if (header.Has(FrameFlags.Priority))
        {
            if (payload.Length < 5)
                throw new Http2ConnectionException(Http2ErrorCode.FrameSizeError, $"HEADERS with the PRIORITY flag and {payload.Length} octets for it");
            CheckDependency(header.StreamId, payload);
            payload = payload[5..];
        }

        if (padding > payload.Length)
            throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, $"HEADERS with {padding} octets of padding where {payload.Length} are left");
        return payload[..^padding];
    }

    /// <summary>
    /// Refuses a stream that depends on itself. RFC 9113 deprecates priorities and drops the rule of RFC 7540 section 5.3.1; nobody honest
    /// breaks it, and an error of the connection cannot be used to make us reset streams.
    /// </summary>
    /// <exception cref="Http2ConnectionException">It does.</exception>
    public static void CheckDependency(int streamId, ReadOnlySpan<byte> priority)
    {
        var dependsOn = (int)(BinaryPrimitives.ReadUInt32BigEndian(priority) & 0x7fff_ffff);
        if (dependsOn == streamId) throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, $"stream {streamId} depends on itself");
    }

    /// <summary>The increment of WINDOW_UPDATE, 0 (which is an error) to 2^31-1.</summary>
    public static int WindowIncrement(ReadOnlySpan<byte> payload) => (int)(BinaryPrimitives.ReadUInt32BigEndian(payload) & 0x7fff_ffff);

    /// <summary>The code of RST_STREAM.</summary>
    public static Http2ErrorCode ErrorCode(ReadOnlySpan<byte> payload) => (Http2ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload);

    /// <summary>The last stream id and the code of GOAWAY.</summary>
    public static (int LastStreamId, Http2ErrorCode Code) GoAway(ReadOnlySpan<byte> payload) =>
        ((int)(BinaryPrimitives.ReadUInt32BigEndian(payload) & 0x7fff_ffff), ErrorCode(payload[4..]));
}
