using System.Buffers.Binary;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Http2.Frames;

/// <summary>Writes whole frames into the output. It judges nothing: what may be sent when is decided above it.</summary>
internal sealed class FrameWriter(OutputBuffer output)
{
    /// <summary>The 24 octets a client begins with (RFC 9113 section 3.4).</summary>
    public static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public void WritePreface()
    {
        Preface.CopyTo(output.GetSpan(Preface.Length));
        output.Advance(Preface.Length);
    }

    public void WriteData(int streamId, ReadOnlySpan<byte> data, bool endStream)
    {
        var payload = Begin(data.Length, FrameType.Data, endStream ? FrameFlags.EndStream : FrameFlags.None, streamId);
        data.CopyTo(payload);
        output.Advance(FrameHeader.Size + data.Length);
    }

    /// <summary>Encodes a header list in place; a list that may not fit one frame takes the way over scratch memory.</summary>
    public void WriteHeaders(int streamId, HeaderList headers, in ExtraField extra, HpackEncoder encoder, bool endStream, int maxFrameSize, Http2Resources resources)
    {
        var most = HpackEncoder.MaxEncodedLength(headers) + extra.Size;
        if (most > maxFrameSize)
        {
            var block = resources.Block(most);
            WriteHeaderBlock(streamId, block[..Encode(headers, in extra, encoder, block)], endStream, maxFrameSize);
            return;
        }

        var span = output.GetSpan(FrameHeader.Size + most);
        var length = Encode(headers, in extra, encoder, span[FrameHeader.Size..]);
        var flags = (byte)(FrameFlags.EndHeaders | (endStream ? FrameFlags.EndStream : FrameFlags.None));
        new FrameHeader(length, FrameType.Headers, flags, streamId).Write(span);
        output.Advance(FrameHeader.Size + length);
    }

    /// <summary>Writes a header block as HEADERS and as many CONTINUATIONs as the peer's frame size asks for.</summary>
    public void WriteHeaderBlock(int streamId, ReadOnlySpan<byte> block, bool endStream, int maxFrameSize)
    {
        var type = FrameType.Headers;
        var flags = endStream ? FrameFlags.EndStream : FrameFlags.None;
        do
        {
            var part = block[..Math.Min(block.Length, maxFrameSize)];
            block = block[part.Length..];
            if (block.IsEmpty) flags |= FrameFlags.EndHeaders;
            part.CopyTo(Begin(part.Length, type, flags, streamId));
            output.Advance(FrameHeader.Size + part.Length);
            type = FrameType.Continuation;
            flags = FrameFlags.None;
        }
        while (!block.IsEmpty);
    }

    public void WriteResetStream(int streamId, Http2ErrorCode code)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Begin(4, FrameType.ResetStream, FrameFlags.None, streamId), (uint)code);
        output.Advance(FrameHeader.Size + 4);
    }

    public void WriteWindowUpdate(int streamId, int increment)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Begin(4, FrameType.WindowUpdate, FrameFlags.None, streamId), (uint)increment);
        output.Advance(FrameHeader.Size + 4);
    }

    public void WriteSettings(ReadOnlySpan<(SettingId Id, uint Value)> settings)
    {
        var payload = Begin(settings.Length * 6, FrameType.Settings, FrameFlags.None, 0);
        foreach (var (id, value) in settings)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)id);
            BinaryPrimitives.WriteUInt32BigEndian(payload[2..], value);
            payload = payload[6..];
        }

        output.Advance(FrameHeader.Size + settings.Length * 6);
    }

    public void WriteSettingsAck()
    {
        Begin(0, FrameType.Settings, FrameFlags.Ack, 0);
        output.Advance(FrameHeader.Size);
    }

    public void WritePing(ulong opaque, bool ack)
    {
        BinaryPrimitives.WriteUInt64BigEndian(Begin(8, FrameType.Ping, ack ? FrameFlags.Ack : FrameFlags.None, 0), opaque);
        output.Advance(FrameHeader.Size + 8);
    }

    public void WriteGoAway(int lastStreamId, Http2ErrorCode code, ReadOnlySpan<byte> debugData)
    {
        var payload = Begin(8 + debugData.Length, FrameType.GoAway, FrameFlags.None, 0);
        BinaryPrimitives.WriteUInt32BigEndian(payload, (uint)lastStreamId);
        BinaryPrimitives.WriteUInt32BigEndian(payload[4..], (uint)code);
        debugData.CopyTo(payload[8..]);
        output.Advance(FrameHeader.Size + 8 + debugData.Length);
    }

    private static int Encode(HeaderList headers, in ExtraField extra, HpackEncoder encoder, Span<byte> destination)
    {
        var written = encoder.Encode(headers, destination);
        return extra.Size == 0 ? written : written + HpackEncoder.EncodeLiteral(extra.Name, extra.Value, destination[written..]);
    }

    // Writes the header and returns the room for the payload; the caller advances past both.
    private Span<byte> Begin(int length, FrameType type, byte flags, int streamId)
    {
        var span = output.GetSpan(FrameHeader.Size + length);
        new FrameHeader(length, type, flags, streamId).Write(span);
        return span.Slice(FrameHeader.Size, length);
    }
}
