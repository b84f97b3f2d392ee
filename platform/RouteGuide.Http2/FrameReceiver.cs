using System.Buffers.Binary;
using RouteGuide.Http2.Frames;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Http2;

/// <summary>Takes frames in their order and brings each to the part that knows its type.</summary>
internal sealed class FrameReceiver(ConnectionCore core, MessageReceiver messages, SettingsExchange settings, GoAwayExchange goAway)
{
    private readonly HeaderBlock _block = new(core.Limits, core.Resources.Memory);

    /// <summary>Milliseconds: since when a header block is open; -1 if none is.</summary>
    public long HeadersSinceMs => _block.IsOpen ? _block.BegunMs : -1;

    /// <summary>Octets of a header block that is not whole yet.</summary>
    public int HeldOctets => _block.Capacity;

    public void Release() => _block.Release();

    public void OnFrame(in FramePiece piece)
    {
        var header = piece.Header;
        if (_block.IsOpen && (header.Type != FrameType.Continuation || header.StreamId != _block.StreamId)) // 6.10
        {
            throw new Http2ConnectionException(
                Http2ErrorCode.ProtocolError, $"{FrameRules.Name(header.Type)} on stream {header.StreamId} inside the header block of stream {_block.StreamId}");
        }

        if (!settings.IsPeerKnown && (header.Type != FrameType.Settings || header.Has(FrameFlags.Ack))) // 3.4
            throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, $"{FrameRules.Name(header.Type)} before the first SETTINGS");

        switch (header.Type)
        {
            case FrameType.Data:
                messages.OnData(in piece);
                break;
            case FrameType.Headers:
                OnHeaders(header, piece.Payload);
                break;
            case FrameType.Continuation:
                OnContinuation(header, piece.Payload);
                break;
            case FrameType.WindowUpdate:
                OnWindowUpdate(header, piece.Payload);
                break;
            case FrameType.ResetStream:
                OnResetStream(header.StreamId, FramePayload.ErrorCode(piece.Payload));
                break;
            case FrameType.Settings:
                settings.OnSettings(header, piece.Payload);
                break;
            case FrameType.Ping:
                OnPing(header, BinaryPrimitives.ReadUInt64BigEndian(piece.Payload));
                break;
            case FrameType.GoAway:
                core.Budget.Spend(AbuseKind.Settings, 1, core.NowMs);
                goAway.OnGoAway(piece.Payload);
                break;
            case FrameType.Priority:
                OnPriority(header, piece.Payload);
                break;
        }
    }

    /// <summary>Frames of unknown type went by. Inside a header block even they are forbidden (section 6.10).</summary>
    public void OnUnknown(int count)
    {
        core.Budget.Spend(AbuseKind.Ignored, count, core.NowMs);
        if (_block.IsOpen)
            throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, $"a frame of unknown type inside the header block of stream {_block.StreamId}");
        if (!settings.IsPeerKnown) throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, "a frame of unknown type before the first SETTINGS");
    }

    private void OnHeaders(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        var fragment = FramePayload.HeaderFragment(header, payload);
        var endStream = header.Has(FrameFlags.EndStream);
        if (header.Has(FrameFlags.Padded)) core.Budget.Spend(AbuseKind.Padding, payload[0] + 1, core.NowMs);
        if (header.Has(FrameFlags.EndHeaders))
        {
            _block.CheckSize(fragment.Length);
            messages.OnHeaderBlock(header.StreamId, endStream, fragment);
            return;
        }

        _block.Begin(header.StreamId, endStream, fragment, core.NowMs);
    }

    private void OnContinuation(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (!_block.IsOpen) throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, $"CONTINUATION on stream {header.StreamId} without HEADERS before it");
        core.Budget.Spend(AbuseKind.Continuation, 1, core.NowMs);
        _block.Continue(payload);
        if (!header.Has(FrameFlags.EndHeaders)) return;
        try
        {
            messages.OnHeaderBlock(header.StreamId, _block.EndStream, _block.End());
        }
        finally
        {
            _block.Release();
        }
    }

    private void OnWindowUpdate(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        core.Budget.Spend(AbuseKind.WindowUpdate, 1, core.NowMs);
        var increment = FramePayload.WindowIncrement(payload);
        if (header.StreamId == 0)
        {
            if (increment == 0) throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, "WINDOW_UPDATE of 0 for the connection");
            if (!core.Sender.TryGrantConnection(increment))
                throw new Http2ConnectionException(Http2ErrorCode.FlowControlError, $"WINDOW_UPDATE of {increment} overflows the connection's window");
            core.Sender.Pump();
            return;
        }

        var stream = Find(header);
        if (stream is null) return; // 5.1: harmless on a closed stream
        if (increment == 0) throw new Http2StreamException(stream.Id, Http2ErrorCode.ProtocolError, "WINDOW_UPDATE of 0");
        if (!core.Sender.TryGrantStream(stream, increment))
            throw new Http2StreamException(stream.Id, Http2ErrorCode.FlowControlError, $"WINDOW_UPDATE of {increment} overflows the stream's window");
        core.Sender.Pump();
    }

    private void OnResetStream(int streamId, Http2ErrorCode code)
    {
        var stream = Find(new FrameHeader(4, FrameType.ResetStream, 0, streamId));
        if (stream is null)
        {
            core.Budget.Spend(AbuseKind.ClosedStream, 1, core.NowMs);
            return;
        }

        // A client that stops listening to an answer it has in full harms nobody. Of a target we asked for every stream ourselves.
        if (core.Role == Http2Role.Server && stream.State.CanSend()) core.Budget.Spend(AbuseKind.PeerReset, 1, core.NowMs);
        core.End(stream, new StreamReset(code, ResetOrigin.Peer, IsSafeToRetry: code == Http2ErrorCode.RefusedStream), StreamEnding.ResetByPeer);
    }

    private void OnPing(FrameHeader header, ulong opaque)
    {
        if (!header.Has(FrameFlags.Ack))
        {
            core.Budget.Spend(AbuseKind.Ping, 1, core.NowMs);
            core.Writer.WritePing(opaque, ack: true);
            core.CheckOutput();
            return;
        }

        if (goAway.IsDraining && opaque == GoAwayExchange.DrainPing) goAway.Finish();
        else core.Handler.OnPingAck(opaque);
    }

    // Section 5.3.2: read and ignored.
    private void OnPriority(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        core.Budget.Spend(AbuseKind.Ignored, 1, core.NowMs);
        // 6.3 asks for a stream error, which 5.4.1 lets us treat as one of the connection: the stream may be idle, and nobody honest does this.
        if (header.Length != 5)
            throw new Http2ConnectionException(Http2ErrorCode.FrameSizeError, $"PRIORITY with {header.Length} octets, allowed: 5");
        FramePayload.CheckDependency(header.StreamId, payload);
    }

    private Http2Stream? Find(FrameHeader header)
    {
        var stream = core.Streams.Find(header.StreamId);
        if (stream is null && core.IsIdle(header.StreamId)) // 5.1, idle
            throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, $"{FrameRules.Name(header.Type)} on stream {header.StreamId}, which is idle");
        return stream;
    }
}
