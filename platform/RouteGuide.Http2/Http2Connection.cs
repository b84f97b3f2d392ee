using RouteGuide.Http2.Frames;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Http2;

/// <summary>
/// One HTTP/2 connection, either end of it (RFC 9113), without the transport: octets go in by <see cref="Receive"/> and come out in
/// <see cref="Output"/>. It belongs to one event loop. How a turn goes:
/// <list type="number">
/// <item>The loop reads octets and calls <see cref="Receive"/>, unless <see cref="PauseReading"/>.</item>
/// <item>Frames are cut, judged, and reported to the <see cref="IHttp2Handler"/>, which sends on this and on other connections.</item>
/// <item>The loop takes <see cref="Output"/> of every connection that reported it, writes it, releases it and calls <see cref="Pump"/>.</item>
/// <item>About once a second it calls <see cref="Tick"/> for the timeouts.</item>
/// <item>When <see cref="Receive"/> returns false, or <see cref="Failure"/> is set, or the transport ends: flush what is left, close, call <see cref="Abandon"/>.</item>
/// </list>
/// </summary>
internal sealed class Http2Connection
{
    // Milliseconds without progress when memory is short.
    private const int TightStallMs = 5_000;

    private readonly ConnectionCore _core;
    private readonly FrameReader _reader;
    private readonly MessageReceiver _messages;
    private readonly FrameReceiver _receiver;
    private readonly SettingsExchange _settings;
    private readonly GoAwayExchange _goAway;
    private int _prefaceSeen; // octets of the client's preface that have come (server role)
    private long _startedMs;
    private long _frameSinceMs = -1; // since when a frame has been begun and not ended
    private long _outputSinceMs = -1; // since when output lies there
    private bool _abandoned;

    /// <param name="role">Which end this is.</param>
    /// <param name="limits">Validated.</param>
    /// <param name="handler">Is told what happens.</param>
    /// <param name="resources">Of the event loop that the connection belongs to.</param>
    public Http2Connection(Http2Role role, Http2Limits limits, IHttp2Handler handler, Http2Resources resources)
    {
        _core = new ConnectionCore(role, limits, handler, resources);
        _messages = new MessageReceiver(_core);
        _settings = new SettingsExchange(_core, _messages);
        _goAway = new GoAwayExchange(_core);
        _receiver = new FrameReceiver(_core, _messages, _settings, _goAway);
        _reader = new FrameReader(resources.Memory) { MaxFrameSize = limits.MaxFrameSize };
    }

    /// <summary>What is to be sent to the peer.</summary>
    public OutputBuffer Output => _core.Output;

    /// <summary>Why the connection is over; null while it is not. GOAWAY has been written to <see cref="Output"/>.</summary>
    public Http2ConnectionException? Failure => _core.Failure;

    /// <summary>Streams that are not closed.</summary>
    public int StreamCount => _core.Streams.Count;

    /// <summary>What the peer may send on all streams, with what was consumed and not yet given back, octets.</summary>
    public int ReceiveCredit => _core.Credit.ConnectionCredit;

    /// <summary>Octets that its peer makes it hold: output, what waits for windows, a header block. Goes through the streams.</summary>
    public long HeldOctets => _core.Output.Capacity + _receiver.HeldOctets + _core.Streams.Sum(static s => s.PendingLength);

    /// <summary>What the peer has sent and nobody has taken yet, octets (server role).</summary>
    public int UntakenOctets => Math.Max(0, _core.Limits.ConnectionWindow - _core.Credit.ConnectionCredit);

    /// <summary>The streams that are not closed, with something for each.</summary>
    public long Sum(Func<Http2Stream, long> of) => _core.Streams.Sum(of);

    /// <summary>The peer makes us write more than it reads: it is not read from until it does.</summary>
    public bool PauseReading => _core.Output.Length > _core.Limits.OutputPauseReading;

    /// <summary>DATA waits for the output to be taken.</summary>
    public bool WantsOutput => _core.Sender.WantsOutput;

    /// <summary>The peer sent GOAWAY: no stream can be opened any more.</summary>
    public bool IsPeerGone => _goAway.IsPeerGone;

    /// <summary>A graceful stop has begun, by <see cref="BeginDrain"/>.</summary>
    public bool IsDraining => _goAway.IsDraining;

    /// <summary>A graceful stop is complete; when the output is flushed too, the connection can be closed.</summary>
    public bool IsDrained => _goAway.IsDrained;

    /// <summary>A stream could be opened now (client role).</summary>
    public bool CanOpenStream =>
        _core.Role == Http2Role.Client && _core.Failure is null && !_abandoned && !_goAway.IsPeerGone && !_goAway.IsDraining
        && _core.NextLocalStream <= int.MaxValue && _core.Streams.Count + _core.Settling.Count < MaxOpenStreams;

    /// <summary>Streams that may be open at once (client role): what both ends allow.</summary>
    public int MaxOpenStreams =>
        Math.Min(_core.Limits.MaxLocalStreams, _core.Peer.MaxConcurrentStreams ?? _core.Limits.AssumedPeerStreams);

    /// <summary>Octets of header list that the peer wants at most; <see cref="int.MaxValue"/> while it has not said.</summary>
    public int PeerMaxHeaderListSize => _core.Peer.MaxHeaderListSize;

    /// <summary>Writes what every connection begins with (section 3.4): the preface in the client role, SETTINGS, and the connection's window.</summary>
    public void Start(long nowMs)
    {
        _core.NowMs = _startedMs = nowMs;
        if (_core.Role == Http2Role.Client) _core.Writer.WritePreface();
        _settings.Announce();
        _core.Credit.Announce();
    }

    /// <summary>Takes octets from the peer, all of them, cut wherever the transport cut them.</summary>
    /// <returns>False if the connection is over.</returns>
    public bool Receive(ReadOnlySpan<byte> input, long nowMs)
    {
        if (_core.Failure is not null || _abandoned) return false;
        _core.NowMs = nowMs;
        _core.RecycleClosed();
        try
        {
            if (!TryPreface(ref input)) return true;
            while (_core.Failure is null && TryFrame(ref input))
            {
            }

            _frameSinceMs = !_reader.InFrame ? -1 : _frameSinceMs < 0 ? nowMs : _frameSinceMs;
        }
        catch (Http2ConnectionException error)
        {
            _core.Fail(error);
        }

        return _core.Failure is null;
    }

    /// <summary>Opens a stream with a request (client role).</summary>
    /// <param name="request">Its header section.</param>
    /// <param name="endStream">It ends with that.</param>
    /// <param name="tag">For the handler.</param>
    /// <param name="extra">One more field.</param>
    /// <returns>Null if none can be opened now: see <see cref="CanOpenStream"/>.</returns>
    public Http2Stream? OpenStream(HeaderList request, bool endStream, object? tag, in ExtraField extra = default)
    {
        if (!CanOpenStream) return null;
        var stream = _core.Open((int)_core.NextLocalStream);
        _core.NextLocalStream += 2;
        stream.Tag = tag;
        var method = request.IndexOf(KnownHeader.Method);
        stream.IsHead = method >= 0 && request.Value(method).SequenceEqual("HEAD"u8);
        _core.Sender.SendHeaders(stream, request, endStream, in extra);
        return stream;
    }

    /// <summary>Sends the header section of a response (server role).</summary>
    /// <exception cref="InvalidOperationException">The stream has been ended on this side.</exception>
    public void SendHeaders(Http2Stream stream, HeaderList headers, bool endStream)
    {
        if (CanSend()) _core.Sender.SendHeaders(stream, headers, endStream);
    }

    /// <summary>Sends an interim response (server role).</summary>
    /// <exception cref="InvalidOperationException">The stream has been ended on this side.</exception>
    public void SendInterimHeaders(Http2Stream stream, HeaderList headers)
    {
        if (CanSend()) _core.Sender.SendInterimHeaders(stream, headers);
    }

    /// <summary>Sends content. What windows and output do not take now waits, up to <see cref="Http2Limits.MaxPendingPerStream"/>.</summary>
    /// <returns>Octets written now; of the others <see cref="IHttp2Handler.OnDataSent"/> tells.</returns>
    /// <exception cref="InvalidOperationException">The stream has been ended on this side, or too much would wait.</exception>
    public int SendData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream) => CanSend() ? _core.Sender.SendData(stream, data, endStream) : 0;

    /// <summary>Sends trailers, behind all content, and ends our side.</summary>
    /// <exception cref="InvalidOperationException">The stream has been ended on this side.</exception>
    public void SendTrailers(Http2Stream stream, HeaderList trailers)
    {
        if (CanSend()) _core.Sender.SendTrailers(stream, trailers);
    }

    /// <summary>Resets a stream; of the handler only <see cref="IHttp2Handler.OnClosed"/> is called. Does nothing if it is closed.</summary>
    public void Reset(Http2Stream stream, Http2ErrorCode code)
    {
        if (CanSend()) _core.Reset(stream, code);
    }

    /// <summary>Octets given to <see cref="IHttp2Handler.OnData"/> are dealt with: the peer gets credit for them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than were received.</exception>
    public void Consume(Http2Stream stream, int count)
    {
        if (stream.State != StreamState.Closed || stream.Unconsumed > 0) _core.Credit.Consume(stream, count);
    }

    /// <summary>Sends a PING; <see cref="IHttp2Handler.OnPingAck"/> tells of the answer.</summary>
    public void Ping(ulong opaque)
    {
        if (CanSend()) _core.Writer.WritePing(opaque, ack: false);
    }

    /// <summary>The transport has taken output: DATA that waited for it is written.</summary>
    public void Pump(long nowMs)
    {
        _core.NowMs = nowMs;
        _outputSinceMs = -1;
        if (CanSend()) _core.Sender.Pump();
    }

    /// <summary>Begins a graceful stop: no new streams, those that are open finish. In the server role GOAWAY goes out in two steps.</summary>
    /// <param name="nowMs">Milliseconds of the loop.</param>
    /// <param name="debugData">Why, for whoever reads the peer's log; it goes into both frames. Kept, not copied.</param>
    public void BeginDrain(long nowMs, byte[]? debugData = null)
    {
        _core.NowMs = nowMs;
        _goAway.Begin(debugData ?? []);
    }

    /// <summary>Says goodbye at once: GOAWAY with the streams that were or will be answered. Then flush, close, and <see cref="Abandon"/>.</summary>
    public void Close(Http2ErrorCode code, string reason) => _core.Fail(new Http2ConnectionException(code, reason));

    /// <summary>The streams that are open now, to go through while they change.</summary>
    public Http2Stream[] CopyStreams()
    {
        var copy = _core.CopyStreams().ToArray();
        _core.CopyStreams().Clear();
        return copy;
    }

    /// <summary>Looks at the timeouts; call it about once a second.</summary>
    /// <returns>False if the connection is over.</returns>
    public bool Tick(long nowMs)
    {
        if (_core.Failure is not null || _abandoned) return false;
        _core.NowMs = nowMs;
        _core.RecycleClosed();
        _core.Settling.Expire(nowMs);
        try
        {
            CheckTimeouts();
            if (_core.Streams.Count == 0) _messages.Rest();
        }
        catch (Http2ConnectionException error)
        {
            _core.Fail(error);
        }

        return _core.Failure is null;
    }

    /// <summary>The transport is gone: every stream that is left is reported as reset, all memory goes back.</summary>
    public void Abandon()
    {
        if (_abandoned) return;
        _abandoned = true;
        var code = _core.Failure?.Code ?? Http2ErrorCode.Cancel;
        var left = _core.CopyStreams();
        foreach (var stream in left) _core.End(stream, new StreamReset(code, ResetOrigin.Connection, IsSafeToRetry: false), StreamEnding.Ended);
        left.Clear();
        _core.RecycleClosed();
        _receiver.Release();
        _reader.Release();
        _core.Output.Clear();
    }

    private bool CanSend() => _core.Failure is null && !_abandoned;

    private bool TryPreface(ref ReadOnlySpan<byte> input)
    {
        if (_core.Role == Http2Role.Client || _prefaceSeen == FrameWriter.Preface.Length) return true;
        var count = Math.Min(input.Length, FrameWriter.Preface.Length - _prefaceSeen);
        if (!input[..count].SequenceEqual(FrameWriter.Preface.Slice(_prefaceSeen, count)))
            throw new Http2ConnectionException(Http2ErrorCode.ProtocolError, "the connection does not begin with the preface of HTTP/2");
        _prefaceSeen += count;
        input = input[count..];
        return _prefaceSeen == FrameWriter.Preface.Length;
    }

    private bool TryFrame(ref ReadOnlySpan<byte> input)
    {
        var found = _reader.TryRead(ref input, out var piece);
        if (_reader.TakeUnknownCount() is > 0 and var unknown) _receiver.OnUnknown(unknown);
        if (!found) return false;
        try
        {
            _receiver.OnFrame(in piece);
        }
        catch (Http2StreamException error)
        {
            _core.ResetForError(error);
        }

        return true;
    }

    private void CheckTimeouts()
    {
        var limits = _core.Limits;
        var now = _core.NowMs;
        // When memory is short, those who keep it from others have less time.
        var writeStallMs = _core.Resources.Memory.IsTight ? Math.Min(TightStallMs, limits.WriteStallTimeoutMs) : limits.WriteStallTimeoutMs;
        var streamStallMs = _core.Resources.Memory.IsTight ? Math.Min(TightStallMs, limits.StreamStallTimeoutMs) : limits.StreamStallTimeoutMs;
        if (_core.Role == Http2Role.Server && !_settings.IsPeerKnown && now - _startedMs > limits.PrefaceTimeoutMs)
            throw new Http2ConnectionException(Http2ErrorCode.SettingsTimeout, $"no preface and SETTINGS within {limits.PrefaceTimeoutMs} ms");
        _settings.CheckTimeout();
        _goAway.CheckTimeout();
        CheckSince(_receiver.HeadersSinceMs, limits.HeadersTimeoutMs, "a header block that does not end");
        CheckSince(_frameSinceMs, limits.HeadersTimeoutMs, "a frame that does not end");
        _outputSinceMs = _core.Output is { Length: 0, IsTaken: false } ? -1 : _outputSinceMs < 0 ? now : _outputSinceMs;
        CheckSince(_outputSinceMs, writeStallMs, "output that the peer does not read");
        CheckSince(_core.Sender.StalledSinceMs, streamStallMs, "no window for the connection");
        ResetStalledStreams(streamStallMs);
    }

    private void CheckSince(long sinceMs, int timeoutMs, string what)
    {
        if (sinceMs >= 0 && _core.NowMs - sinceMs > timeoutMs)
            throw new Http2ConnectionException(Http2ErrorCode.EnhanceYourCalm, $"{what}, for {timeoutMs} ms");
    }

    private void ResetStalledStreams(int patienceMs)
    {
        if (_core.Streams.Count == 0) return;
        var streams = _core.CopyStreams();
        foreach (var stream in streams)
        {
            if (stream.StalledSince > 0 && _core.NowMs - stream.StalledSince > patienceMs)
                _core.ResetForError(new Http2StreamException(stream.Id, Http2ErrorCode.Cancel, $"no window for {patienceMs} ms"));
        }

        streams.Clear();
    }
}
