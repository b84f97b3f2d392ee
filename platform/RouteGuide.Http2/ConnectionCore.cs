using System.Diagnostics;
using RouteGuide.Http2.Frames;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Http2;

/// <summary>What both directions of a connection share: who it is, what it may do, which streams there are.</summary>
internal sealed class ConnectionCore
{
    // What an honest peer sends for a stream before it learns of its end: a window of 256 KiB in full frames.
    private const int FramesInFlight = 16;

    private readonly ClosedStreams _closed;
    private readonly List<Http2Stream> _scratch = [];
    private Http2Stream? _toRecycle; // closed streams whose objects some frame of the call stack may still hold

    public ConnectionCore(Http2Role role, Http2Limits limits, IHttp2Handler handler, Http2Resources resources)
    {
        Role = role;
        Limits = limits;
        Handler = handler;
        Resources = resources;
        Output = new OutputBuffer(limits.OutputHighWater, limits.OutputHardLimit, handler.OnOutput, resources.Memory);
        Writer = new FrameWriter(Output);
        Budget = new ConnectionBudget(limits);
        _closed = new ClosedStreams(limits.RememberedResets);
        Credit = new CreditKeeper(this);
        Sender = new MessageSender(this);
    }

    public Http2Role Role { get; }

    public Http2Limits Limits { get; }

    public IHttp2Handler Handler { get; }

    public Http2Resources Resources { get; }

    public OutputBuffer Output { get; }

    public FrameWriter Writer { get; }

    public ConnectionBudget Budget { get; }

    public PeerSettings Peer { get; } = new();

    public StreamTable Streams { get; } = new();

    /// <summary>Streams that we reset and that the peer may still be working on (client role).</summary>
    public SettlingResets Settling { get; } = new();

    public CreditKeeper Credit { get; }

    public MessageSender Sender { get; }

    /// <summary>Milliseconds, as the last call from outside said.</summary>
    public long NowMs { get; set; }

    /// <summary>The stream of the DATA frame whose pieces are coming in; null if they are dropped, as when the stream closes between them.</summary>
    public Http2Stream? DataStream { get; set; }

    /// <summary>Why the connection is over; null while it is not.</summary>
    public Http2ConnectionException? Failure { get; private set; }

    /// <summary>The highest stream that the peer opened.</summary>
    public int LastPeerStream { get; set; }

    /// <summary>The next stream that we open; counts past 2^31-1 when none is left.</summary>
    public long NextLocalStream { get; set; } = 1;

    /// <summary>The last stream that our GOAWAY lets the peer expect an answer to.</summary>
    public int LastPromisedStream { get; set; } = int.MaxValue;

    /// <summary>The id was not used yet: nothing but HEADERS and PRIORITY may come on it (RFC 9113 section 5.1).</summary>
    public bool IsIdle(int streamId)
    {
        var odd = (streamId & 1) == 1;
        return Role == Http2Role.Server ? !odd || streamId > LastPeerStream : !odd || streamId >= NextLocalStream;
    }

    /// <summary>How a stream ended that is neither idle nor in the table.</summary>
    public StreamEnding EndingOf(int streamId) => _closed.EndingOf(streamId);

    /// <summary>Marks a stream that never came into the table as one whose frames are ignored.</summary>
    public void IgnoreStream(int streamId) => _closed.Remember(streamId, StreamEnding.ResetByUs);

    public Http2Stream Open(int streamId)
    {
        var stream = Resources.RentStream();
        stream.Open(streamId, Peer.InitialWindowSize, Credit.StreamWindow);
        Streams.Add(stream);
        return stream;
    }

    /// <summary>The streams that are there, to be closed while they are gone through. Good until the next call; clear it when done.</summary>
    public List<Http2Stream> CopyStreams()
    {
        _scratch.Clear();
        Streams.CopyTo(_scratch);
        return _scratch;
    }

    /// <summary>The peer's side ends. The stream is closed after the handler was told, by <see cref="CloseIfDone"/>.</summary>
    public static void EndRemote(Http2Stream stream) => stream.Move(StreamEvent.ReceiveEnd);

    /// <summary>Takes a stream whose two sides have ended out of the table.</summary>
    public void CloseIfDone(Http2Stream stream)
    {
        if (stream.State != StreamState.Closed || Streams.Find(stream.Id) != stream) return;
        // Answers that were carried to their end show that the peer's resets are not what it is here for.
        Budget.Earn(AbuseKind.PeerReset, 1);
        Remove(stream);
    }

    /// <summary>We reset a stream: RST_STREAM, and what comes for it is ignored from now on.</summary>
    public void Reset(Http2Stream stream, Http2ErrorCode code)
    {
        if (stream.State == StreamState.Closed) return;
        Writer.WriteResetStream(stream.Id, code);
        if (Role == Http2Role.Client && stream.State.CanReceive()) Settling.Add(NextLocalStream, NowMs);
        stream.Move(StreamEvent.Reset);
        _closed.Remember(stream.Id, StreamEnding.ResetByUs);
        Remove(stream);
    }

    /// <summary>The peer broke a rule on a stream, which may or may not exist.</summary>
    /// <exception cref="Http2ConnectionException">It did so too often.</exception>
    public void ResetForError(Http2StreamException error)
    {
        Budget.Spend(AbuseKind.LocalReset, 1, NowMs);
        var stream = Streams.Find(error.StreamId);
        Writer.WriteResetStream(error.StreamId, error.Code);
        if (stream is null) IgnoreStream(error.StreamId);
        else End(stream, new StreamReset(error.Code, ResetOrigin.Local, error.Code == Http2ErrorCode.RefusedStream), StreamEnding.ResetByUs);
    }

    /// <summary>A stream ends before its time: the handler is told, nothing is sent.</summary>
    public void End(Http2Stream stream, StreamReset reset, StreamEnding ending)
    {
        if (stream.State == StreamState.Closed) return;
        stream.Move(StreamEvent.Reset);
        if (ending != StreamEnding.Ended) _closed.Remember(stream.Id, ending);
        Handler.OnReset(stream, reset);
        Remove(stream);
    }

    /// <summary>The connection is over: GOAWAY is written, nothing more is read or sent. Streams end when the owner abandons the connection.</summary>
    public void Fail(Http2ConnectionException error)
    {
        if (Failure is not null) return;
        Failure = error;
        Span<byte> debug = stackalloc byte[128];
        System.Text.Encoding.ASCII.TryGetBytes(error.Message.AsSpan(0, Math.Min(error.Message.Length, debug.Length)), debug, out var length);
        Writer.WriteGoAway(Math.Min(LastPromisedStream, LastPeerStream), error.Code, debug[..length]);
    }

    /// <summary>Gives up a peer that makes us write and does not read; called after whatever is written outside the flow-controlled path.</summary>
    public void CheckOutput()
    {
        if (Output.IsAboveHardLimit && Failure is null)
            Fail(new Http2ConnectionException(Http2ErrorCode.EnhanceYourCalm, $"{Output.Length} octets of output that the peer does not read"));
    }

    /// <summary>Puts closed streams back into the pool; called where no frame of the call stack can hold one.</summary>
    public void RecycleClosed()
    {
        while (_toRecycle is { } stream)
        {
            _toRecycle = stream.Next;
            Resources.Return(stream);
        }
    }

    private void Remove(Http2Stream stream)
    {
        Debug.Assert(stream.State == StreamState.Closed, "only closed streams leave the table");
        Streams.Remove(stream.Id);
        if (DataStream == stream) DataStream = null;
        // An end that the peer has not heard of yet: what it had in flight may still come.
        Budget.Earn(AbuseKind.ClosedStream, FramesInFlight);
        Sender.Forget(stream);
        Credit.Forget(stream);
        Handler.OnClosed(stream);
        stream.Next = _toRecycle;
        _toRecycle = stream;
    }
}
