namespace RouteGuide.Http2.Frames;

/// <summary>What can be wrong with a frame that its header alone shows: its size and which stream it is on.</summary>
internal static class FrameRules
{
    /// <summary>The smallest and the initial SETTINGS_MAX_FRAME_SIZE (RFC 9113 section 6.5.2).</summary>
    public const int MinMaxFrameSize = 16_384;

    /// <summary>The largest SETTINGS_MAX_FRAME_SIZE.</summary>
    public const int MaxMaxFrameSize = 16_777_215;

    /// <summary>Throws if the header breaks a rule whatever the state of the stream.</summary>
    /// <param name="header">The header as read.</param>
    /// <param name="maxFrameSize">What this end allows.</param>
    /// <exception cref="Http2ConnectionException">A frame size error or a protocol error of the connection.</exception>
    public static void Check(FrameHeader header, int maxFrameSize)
    {
        // Section 4.2 lets an oversized DATA be a stream error, but a peer that ignores the size is not worth keeping.
        if (header.Length > maxFrameSize) throw SizeError(header, $"at most {maxFrameSize}");

        switch (header.Type)
        {
            case FrameType.Data: // 6.1
            case FrameType.Continuation: // 6.10
                RequireStream(header);
                break;
            case FrameType.Headers: // 6.2
                RequireStream(header);
                break;
            case FrameType.Priority: // 6.3: the wrong size is an error of the stream, which the receiver judges.
                RequireStream(header);
                break;
            case FrameType.ResetStream: // 6.4
                RequireStream(header);
                if (header.Length != 4) throw SizeError(header, "4");
                break;
            case FrameType.Settings: // 6.5
                RequireNoStream(header);
                if (header.Has(FrameFlags.Ack) && header.Length != 0) throw SizeError(header, "0 in an acknowledgement");
                if (header.Length % 6 != 0) throw SizeError(header, "a multiple of 6");
                break;
            case FrameType.PushPromise: // 6.6, 8.4: both roles refuse it; nobody may send it to a server, and as a client we switch it off.
                throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, "PUSH_PROMISE received, though server push is not enabled");
            case FrameType.Ping: // 6.7
                RequireNoStream(header);
                if (header.Length != 8) throw SizeError(header, "8");
                break;
            case FrameType.GoAway: // 6.8
                RequireNoStream(header);
                if (header.Length < 8) throw SizeError(header, "at least 8");
                break;
            case FrameType.WindowUpdate: // 6.9
                if (header.Length != 4) throw SizeError(header, "4");
                break;
        }
    }

    private static void RequireStream(FrameHeader header)
    {
        if (header.StreamId == 0) throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, $"{Name(header.Type)} on stream 0");
    }

    private static void RequireNoStream(FrameHeader header)
    {
        if (header.StreamId != 0)
            throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, $"{Name(header.Type)} on stream {header.StreamId} instead of 0");
    }

    private static Http2ConnectionException SizeError(FrameHeader header, string wanted) =>
        new(Http2ErrorCode.FrameSizeError, $"{Name(header.Type)} with {header.Length} octets, allowed: {wanted}");

    /// <summary>The name that RFC 9113 uses, for messages.</summary>
    public static string Name(FrameType type) => type switch
    {
        FrameType.Data => "DATA",
        FrameType.Headers => "HEADERS",
        FrameType.Priority => "PRIORITY",
        FrameType.ResetStream => "RST_STREAM",
        FrameType.Settings => "SETTINGS",
        FrameType.PushPromise => "PUSH_PROMISE",
        FrameType.Ping => "PING",
        FrameType.GoAway => "GOAWAY",
        FrameType.WindowUpdate => "WINDOW_UPDATE",
        FrameType.Continuation => "CONTINUATION",
        _ => $"frame type 0x{(byte)type:x2}",
    };
}
