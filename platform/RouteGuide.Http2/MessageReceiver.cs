using RouteGuide.Http2.Frames;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Http2;

/// <summary>The receiving side of messages: header sections, content, trailers (RFC 9113 section 8.1), in both roles.</summary>
internal sealed class MessageReceiver(ConnectionCore core)
{
    private readonly HpackDecoder _decoder = new(Math.Max(HpackEncoder.InitialTableSize, core.Limits.DecoderTableSize), core.Resources.Interner);

    private readonly RepeatedBlocks _repeated = new(core.Resources);
    private bool _isUsed; // since the last look

    /// <summary>The peer has acknowledged our SETTINGS_HEADER_TABLE_SIZE.</summary>
    public void SetTableLimit(int limit) => _decoder.SetLimit(limit);

    /// <summary>A complete header block.</summary>
    public void OnHeaderBlock(int streamId, bool endStream, ReadOnlySpan<byte> block)
    {
        // Whatever becomes of the stream, the table has to follow (section 4.3).
        _isUsed = true;
        var fits = true;
        var list = _repeated.Find(block, _decoder.Version) ?? Decode(block, out fits);

        var stream = core.Streams.Find(streamId);
        if (stream is null)
        {
            if (core.IsIdle(streamId)) OnNewStream(streamId, list, endStream, fits);
            else OnClosedStream(streamId, FrameType.Headers);
            return;
        }

        if (!stream.State.CanReceive()) // 5.1, half-closed (remote)
            throw new Http2StreamException(streamId, Http2ErrorCode.StreamClosed, "HEADERS after END_STREAM");
        if (stream.HeadersReceived) OnTrailers(stream, list, endStream, fits);
        else OnResponse(stream, list, endStream, fits);
    }

    /// <summary>There are no streams: after a while without any, what was kept for the next ones goes.</summary>
    public void Rest()
    {
        if (!_isUsed) _repeated.Clear();
        _isUsed = false;
    }

    /// <summary>A piece of DATA.</summary>
    public void OnData(in FramePiece piece)
    {
        if (piece.IsFirst)
        {
            // An exception leaves the frame's other pieces without a stream, which drops them.
            core.DataStream = null;
            core.DataStream = BeginData(in piece);
        }

        var stream = core.DataStream;
        if (stream is null) return;
        var endStream = piece.IsLast && piece.Header.Has(FrameFlags.EndStream);
        if (piece.IsLast) core.DataStream = null;
        if (endStream)
        {
            if (stream.ContentDue > 0) throw Malformed(stream.Id, HeaderFault.ContentLengthMismatch);
            ConnectionCore.EndRemote(stream);
        }

        if (piece.Payload.IsEmpty && !endStream) return;
        core.Handler.OnData(stream, piece.Payload, endStream);
        if (endStream) core.CloseIfDone(stream);
    }

    /// <summary>A frame came for a stream that is over (section 5.1).</summary>
    /// <exception cref="Http2ConnectionException">Nothing may come after this ending.</exception>
    public void OnClosedStream(int streamId, FrameType type)
    {
        core.Budget.Spend(AbuseKind.ClosedStream, 1, core.NowMs);
        switch (core.EndingOf(streamId))
        {
            case StreamEnding.Ended when type == FrameType.Headers && streamId < core.LastPeerStream: // 5.1.1: an attempt to open it
                throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, $"HEADERS on stream {streamId} after stream {core.LastPeerStream}");
            case StreamEnding.Ended:
                throw new Http2ConnectionException(Http2ErrorCode.StreamClosed, $"{FrameRules.Name(type)} on stream {streamId}, which has ended");
            case StreamEnding.ResetByPeer:
                throw new Http2StreamException(streamId, Http2ErrorCode.StreamClosed, $"{FrameRules.Name(type)} after RST_STREAM");
        }
    }

    private HeaderList Decode(ReadOnlySpan<byte> block, out bool fits)
    {
        var list = core.Resources.Decoded;
        list.Clear();
        var version = _decoder.Version;
        fits = _decoder.Decode(block, list, core.Limits.MaxHeaderListSize, core.Limits.MaxHeaderFields);
        return fits && _decoder.Version == version ? _repeated.Consider(block, list, version) : list;
    }

    // What was found good once stays so.
    private static HeaderFault Judge(HeaderList list, MessageSection section, out MessageFacts facts)
    {
        if (list.Frozen is { } frozen && frozen.JudgedAs == section)
        {
            facts = frozen.Facts;
            return HeaderFault.None;
        }

        facts = new MessageFacts { ContentLength = -1 };
        var fault = section switch
        {
            MessageSection.Request => HeaderRules.CheckRequest(list, out facts),
            MessageSection.Response => HeaderRules.CheckResponse(list, out facts),
            _ => HeaderRules.CheckTrailers(list),
        };
        if (fault == HeaderFault.None && list.Frozen is { } judged) (judged.JudgedAs, judged.Facts) = (section, facts);
        return fault;
    }

    private void OnNewStream(int streamId, HeaderList list, bool endStream, bool fits)
    {
        if (core.Role == Http2Role.Client || (streamId & 1) == 0) // 5.1.1
            throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, $"HEADERS on stream {streamId}, which the peer cannot open");
        core.LastPeerStream = streamId; // idle ids below it are closed thereby
        if (streamId > core.LastPromisedStream)
        {
            // 6.8: after GOAWAY what comes for higher streams is ignored; the client knows that it may retry.
            core.Budget.Spend(AbuseKind.ClosedStream, 1, core.NowMs);
            core.IgnoreStream(streamId);
            return;
        }

        if (core.Streams.Count >= core.Limits.MaxConcurrentStreams) // 5.1.2
            throw new Http2StreamException(streamId, Http2ErrorCode.RefusedStream, $"more than {core.Limits.MaxConcurrentStreams} streams");

        MessageFacts facts = default;
        facts.ContentLength = -1;
        var fault = fits ? Judge(list, MessageSection.Request, out facts) : HeaderFault.None;
        if (fault == HeaderFault.None && endStream && facts.ContentLength > 0) fault = HeaderFault.ContentLengthMismatch;
        if (fault != HeaderFault.None) throw Malformed(streamId, fault);

        var stream = core.Open(streamId);
        stream.HeadersReceived = true;
        stream.IsHead = facts.IsHead;
        stream.ContentDue = facts.ContentLength;
        if (endStream) ConnectionCore.EndRemote(stream);
        if (fits) core.Handler.OnHeaders(stream, list, endStream);
        else core.Handler.OnHeadersTooLarge(stream, list, endStream);
        core.CloseIfDone(stream);
    }

    private void OnResponse(Http2Stream stream, HeaderList list, bool endStream, bool fits)
    {
        core.Settling.OnAnswer(stream.Id);
        if (!fits) throw new Http2StreamException(stream.Id, Http2ErrorCode.EnhanceYourCalm, "response headers beyond the limits");
        var fault = Judge(list, MessageSection.Response, out var facts);
        if (fault != HeaderFault.None) throw Malformed(stream.Id, fault);
        if (facts.IsInterim)
        {
            if (endStream) throw Malformed(stream.Id, HeaderFault.InterimWithEnd);
            core.Budget.Spend(AbuseKind.Interim, 1, core.NowMs);
            core.Handler.OnInterimHeaders(stream, list);
            return;
        }

        stream.HeadersReceived = true;
        // RFC 9110 section 8.6: these have no content, so their content-length describes something else.
        var hasContent = !stream.IsHead && facts.Status is not (204 or 304);
        if (hasContent) stream.ContentDue = facts.ContentLength;
        if (endStream)
        {
            if (stream.ContentDue > 0) throw Malformed(stream.Id, HeaderFault.ContentLengthMismatch);
            ConnectionCore.EndRemote(stream);
        }

        core.Handler.OnHeaders(stream, list, endStream);
        if (endStream) core.CloseIfDone(stream);
    }

    private void OnTrailers(Http2Stream stream, HeaderList list, bool endStream, bool fits)
    {
        if (!fits) throw new Http2StreamException(stream.Id, Http2ErrorCode.EnhanceYourCalm, "trailers beyond the limits");
        var fault = endStream ? Judge(list, MessageSection.Trailers, out _) : HeaderFault.TrailersWithoutEnd;
        if (fault == HeaderFault.None && stream.ContentDue > 0) fault = HeaderFault.ContentLengthMismatch;
        if (fault != HeaderFault.None) throw Malformed(stream.Id, fault);
        ConnectionCore.EndRemote(stream);
        core.Handler.OnTrailers(stream, list);
        core.CloseIfDone(stream);
    }

    private Http2Stream? BeginData(in FramePiece piece)
    {
        var header = piece.Header;
        if (core.IsIdle(header.StreamId))
            throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, $"DATA on stream {header.StreamId}, which is idle");
        SpendOnShape(in piece);
        core.Credit.TakeConnection(header.Length);

        var stream = core.Streams.Find(header.StreamId);
        if (stream is null)
        {
            // Nobody will consume it, but the connection's window must not leak.
            core.Credit.ConsumeConnection(header.Length);
            OnClosedStream(header.StreamId, FrameType.Data);
            return null;
        }

        try
        {
            if (!stream.State.CanReceive()) throw new Http2StreamException(stream.Id, Http2ErrorCode.StreamClosed, "DATA after END_STREAM");
            if (!stream.HeadersReceived) throw new Http2StreamException(stream.Id, Http2ErrorCode.ProtocolError, "DATA before HEADERS");
            core.Credit.TakeStream(stream, header.Length);
        }
        catch (Http2StreamException)
        {
            core.Credit.ConsumeConnection(header.Length);
            throw;
        }

        if (piece.Overhead > 0) core.Credit.Consume(stream, piece.Overhead);
        if (stream.ContentDue >= 0)
        {
            stream.ContentDue -= header.Length - piece.Overhead;
            if (stream.ContentDue < 0) throw Malformed(stream.Id, HeaderFault.ContentLengthMismatch);
        }

        return stream;
    }

    private void SpendOnShape(in FramePiece piece)
    {
        var content = piece.Header.Length - piece.Overhead;
        if (content < FrameHeader.Size && !piece.Header.Has(FrameFlags.EndStream))
        {
            if (content == 0) core.Budget.Spend(AbuseKind.EmptyData, 1, core.NowMs);
            core.Budget.Spend(AbuseKind.SmallData, FrameHeader.Size - content, core.NowMs);
        }

        if (piece.Overhead == 0) return;
        core.Budget.Earn(AbuseKind.Padding, content);
        core.Budget.Spend(AbuseKind.Padding, piece.Overhead, core.NowMs);
    }

    private static Http2StreamException Malformed(int streamId, HeaderFault fault) =>
        new(streamId, Http2ErrorCode.ProtocolError, $"malformed message: {fault}");
}
