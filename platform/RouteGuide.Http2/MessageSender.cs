using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Http2;

/// <summary>
/// The sending side of streams. DATA goes straight into the output while the windows and the high-water mark allow; the rest waits in its
/// stream, and streams take turns of one frame. Trailers and END_STREAM never overtake the DATA before them.
/// </summary>
internal sealed class MessageSender(ConnectionCore core)
{
    // One turn of a stream: large enough for bulk, small enough that a small call does not wait long behind it.
    private const int LargestTurn = 16 * 1024;

    // Octets that count as progress of a stream that waits for its window.
    private const int LeastProgress = 512;

    private readonly HpackEncoder _encoder = new(core.Limits.EncoderTableSize, core.Resources.EncodedBlocks);
    private readonly ReadyQueue _ready = new();
    private FlowWindow _connection = new(FlowWindow.Default);

    /// <summary>What may be sent on all streams now, octets.</summary>
    public int ConnectionWindow => _connection.Available;

    /// <summary>Milliseconds: since when all DATA that waits has waited for the connection's window; -1 if it does not.</summary>
    public long StalledSinceMs { get; private set; } = -1;

    /// <summary>DATA could be sent if the output took more.</summary>
    public bool WantsOutput => !_ready.IsEmpty && _connection.Available > 0;

    public void SetTableLimit(int limit) => _encoder.SetPeerLimit(limit);

    public void SendHeaders(Http2Stream stream, HeaderList headers, bool endStream, in ExtraField extra = default)
    {
        RequireSendable(stream);
        stream.HeadersSent = true;
        WriteHeaders(stream, headers, endStream, in extra);
        if (endStream) EndLocal(stream);
    }

    public void SendInterimHeaders(Http2Stream stream, HeaderList headers)
    {
        RequireSendable(stream);
        WriteHeaders(stream, headers, endStream: false);
    }

    /// <returns>Octets written to the output now; the others wait, and the handler is told when they are written.</returns>
    public int SendData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream)
    {
        RequireSendable(stream);
        if (!stream.HeadersSent) throw new InvalidOperationException($"DATA before HEADERS on stream {stream.Id}.");
        var sent = 0;
        if (stream.Pending.IsEmpty)
        {
            // What fits goes out now, in as many frames as it takes.
            while (sent < data.Length && !core.Output.IsAboveHighWater)
            {
                var turn = Math.Min(data.Length - sent, Allowance(stream));
                if (turn <= 0) break;
                WriteData(stream, data.Slice(sent, turn), endStream && sent + turn == data.Length);
                sent += turn;
            }

            if (sent == data.Length)
            {
                if (!endStream) return sent;
                // An end alone needs no window (RFC 9113 section 6.9.1).
                if (data.IsEmpty) WriteData(stream, data, endStream: true);
                EndLocal(stream);
                return sent;
            }
        }

        if (sent < data.Length) Wait(stream, data[sent..]);
        stream.PendingEnd = endStream;
        return sent;
    }

    public void SendTrailers(Http2Stream stream, HeaderList trailers)
    {
        RequireSendable(stream);
        if (!stream.HeadersSent) throw new InvalidOperationException($"Trailers before HEADERS on stream {stream.Id}.");
        if (stream.Pending.IsEmpty)
        {
            WriteHeaders(stream, trailers, endStream: true);
            EndLocal(stream);
            return;
        }

        stream.PendingTrailers = core.Resources.RentList();
        stream.PendingTrailers.CopyFrom(trailers);
    }

    /// <summary>Writes what waits, as far as windows and output allow. Called when the peer gave credit or the transport took output.</summary>
    public void Pump()
    {
        while (WantsOutput && !core.Output.IsAboveHighWater && core.Failure is null) Turn(_ready.Take());
    }

    /// <summary>The peer gave credit to a stream.</summary>
    /// <returns>False if the window overflows.</returns>
    public bool TryGrantStream(Http2Stream stream, int increment)
    {
        if (!stream.SendWindow.TryAdd(increment)) return false;
        Review(stream);
        return true;
    }

    /// <summary>The peer gave credit to the connection.</summary>
    /// <returns>False if the window overflows.</returns>
    public bool TryGrantConnection(int increment) => _connection.TryAdd(increment);

    /// <summary>A stream is over: it no longer waits.</summary>
    public void Forget(Http2Stream stream)
    {
        _ready.Remove(stream);
        if (_ready.IsEmpty) StalledSinceMs = -1;
        stream.Pending.Clear();
        if (stream.PendingTrailers is null) return;
        core.Resources.Return(stream.PendingTrailers);
        stream.PendingTrailers = null;
    }

    private static void RequireSendable(Http2Stream stream)
    {
        if (stream.IsEndGiven) throw new InvalidOperationException($"Stream {stream.Id} has been ended on this side ({stream.State}).");
    }

    private int Allowance(Http2Stream stream) =>
        Math.Min(Math.Min(stream.SendWindow.Available, _connection.Available), Math.Min(core.Peer.MaxFrameSize, LargestTurn));

    private void Wait(Http2Stream stream, ReadOnlySpan<byte> data)
    {
        if (stream.Pending.Length + data.Length > core.Limits.MaxPendingPerStream)
            throw new InvalidOperationException($"Stream {stream.Id} would have {stream.Pending.Length + data.Length} octets waiting, allowed: {core.Limits.MaxPendingPerStream}.");
        stream.Pending.Append(data);
        Review(stream);
    }

    // Into the queue if the stream could send, else its stall begins.
    private void Review(Http2Stream stream)
    {
        if (stream.Pending.IsEmpty) return;
        if (stream.SendWindow.Available > 0)
        {
            _ready.Add(stream);
            if (_connection.Available <= 0 && StalledSinceMs < 0) StalledSinceMs = core.NowMs;
            return;
        }

        _ready.Remove(stream);
        if (stream.StalledSince == 0) stream.StalledSince = Math.Max(1, core.NowMs);
    }

    private void Turn(Http2Stream stream)
    {
        var data = stream.Pending.Peek();
        var count = Math.Min(data.Length, Allowance(stream));
        if (count <= 0)
        {
            Review(stream);
            return;
        }

        var isAll = count == stream.Pending.Length;
        WriteData(stream, data[..count], isAll && stream.PendingEnd);
        stream.Pending.Advance(count);
        // Credit in dribs and drabs does not end a stall (CVE-2019-9511).
        if (isAll || count >= LeastProgress)
        {
            stream.StalledSince = 0;
            StalledSinceMs = -1;
        }

        if (!isAll)
        {
            Review(stream);
        }
        else if (stream.PendingEnd)
        {
            stream.PendingEnd = false;
            stream.Move(StreamEvent.SendEnd);
        }
        else if (stream.PendingTrailers is { } trailers)
        {
            stream.PendingTrailers = null;
            WriteHeaders(stream, trailers, endStream: true);
            core.Resources.Return(trailers);
            stream.Move(StreamEvent.SendEnd);
        }

        // The handler may reset the stream or send more on it, so nothing is assumed of it afterwards.
        core.Handler.OnDataSent(stream, count);
        core.CloseIfDone(stream);
    }

    private void WriteData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream)
    {
        core.Writer.WriteData(stream.Id, data, endStream);
        stream.SendWindow.Take(data.Length);
        _connection.Take(data.Length);
        // Frames cut small by credit in dribs and drabs earn nothing, or each would pay for the next.
        if (!data.IsEmpty && data.Length < LeastProgress && data.Length < stream.Pending.Length) return;
        // Honest peers answer DATA with credit, and some with a PING to measure the bandwidth.
        core.Budget.Earn(AbuseKind.WindowUpdate, 4);
        core.Budget.Earn(AbuseKind.Ping, 1);
    }

    private void WriteHeaders(Http2Stream stream, HeaderList headers, bool endStream, in ExtraField extra = default)
    {
        core.Writer.WriteHeaders(stream.Id, headers, in extra, _encoder, endStream, core.Peer.MaxFrameSize, core.Resources);
        core.CheckOutput();
    }

    private void EndLocal(Http2Stream stream)
    {
        stream.Move(StreamEvent.SendEnd);
        core.CloseIfDone(stream);
    }
}
