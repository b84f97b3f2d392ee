using System.Buffers.Binary;

namespace RouteGuide.Bench.Backend;

/// <summary>The sending half of a connection: canned header blocks, DATA within the windows of RFC 9113 section 5.2, an output buffer.</summary>
internal sealed class ResponseWriter
{
    private const int FrameHeader = 9;
    private const int MaxFrame = 16_384;
    private const int HighWater = 256 * 1024;
    private const int DefaultWindow = 65_535;
    private const int DefaultTable = 4096;
    private const int MaxStreams = 10_000;

    private const byte EndStream = 0x1;
    private const byte EndHeaders = 0x4;

    // :status 200 with content-type application/grpc, and grpc-status 0 (RFC 7541 section 6.2): inserted by the first answer, one octet each
    // from then on; literals for a peer that keeps no table.
    private static readonly byte[] FirstHeaders = [0x88, 0x5f, 0x10, .. "application/grpc"u8];
    private static readonly byte[] FirstTrailers = [0x40, 0x0b, .. "grpc-status"u8, 0x01, (byte)'0'];
    private static readonly byte[] PlainHeaders = [0x88, 0x0f, 0x10, 0x10, .. "application/grpc"u8];
    private static readonly byte[] PlainTrailers = [0x00, 0x0b, .. "grpc-status"u8, 0x01, (byte)'0'];
    private static readonly byte[] NoTable = [0x20];
    private static readonly byte[] Filler = CreateFiller();

    private readonly List<Response> _active = [];
    private readonly Dictionary<int, int> _unanswered = []; // streams whose request has not ended, and the credit that came for them
    private byte[] _output = new byte[32 * 1024];
    private int _start;
    private int _end;
    private long _window = DefaultWindow;
    private int _initialWindow = DefaultWindow;
    private int _turn;

    // The peer's table after our insertions (RFC 7541 section 2.3.2): a field moves one up when another one is inserted.
    private bool _usesTable = true;
    private bool _mustAnnounceTable;
    private bool _hasType;
    private bool _hasStatus;

    /// <summary>What is to be sent.</summary>
    public ReadOnlySpan<byte> Output => _output.AsSpan(_start, _end - _start);

    /// <summary>Whether there is something that can be sent as soon as the socket takes it.</summary>
    public bool HasMore => _end > _start || (_window > 0 && _active.Exists(r => r.Window > 0));

    public void Sent(int count)
    {
        _start += count;
        if (_start == _end) _start = _end = 0;
    }

    /// <summary>Our SETTINGS: many streams, wide windows, so that no proxy has to wait for the backend.</summary>
    public void Settings()
    {
        var frame = Frame(0x4, 0, 0, 12);
        Setting(frame, 0x3, MaxStreams);
        Setting(frame[6..], 0x4, 1 << 20);
        Credit(int.MaxValue - DefaultWindow);
    }

    /// <summary>Gives the peer credit on the connection.</summary>
    public void Credit(int octets) => BinaryPrimitives.WriteInt32BigEndian(Frame(0x8, 0, 0, 4), octets);

    public bool Pong(ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 8) return false;
        payload.CopyTo(Frame(0x6, 0x1, 0, 8));
        return true;
    }

    /// <summary>Takes the peer's SETTINGS and acknowledges them. False when they are malformed.</summary>
    public bool OnSettings(ReadOnlySpan<byte> payload)
    {
        if (payload.Length % 6 != 0) return false;
        for (; payload.Length > 0; payload = payload[6..])
        {
            var value = BinaryPrimitives.ReadInt32BigEndian(payload[2..]);
            switch (BinaryPrimitives.ReadUInt16BigEndian(payload))
            {
                // nginx has no table as a client: its blocks are literals, after one that says so (RFC 7541 section 4.2).
                case 0x1 when value is >= 0 and < DefaultTable && _usesTable:
                    _usesTable = false;
                    _mustAnnounceTable = true;
                    break;
                case 0x4 when value >= 0:
                    foreach (var response in _active) response.Window += value - _initialWindow;
                    _initialWindow = value;
                    break;
            }
        }

        Frame(0x4, 0x1, 0, 0);
        return true;
    }

    public bool OnWindowUpdate(int stream, ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 4) return false;
        var credit = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
        if (stream == 0) _window += credit;
        else if (_active.Find(r => r.Stream == stream) is { } response) response.Window += credit;
        else if (_unanswered.TryGetValue(stream, out var before)) _unanswered[stream] = before + credit;
        return true;
    }

    public void Reset(int stream)
    {
        _unanswered.Remove(stream);
        _active.RemoveAll(r => r.Stream == stream);
    }

    /// <summary>A request has begun. False when there are more than we allow.</summary>
    public bool Begin(int stream)
    {
        _unanswered[stream] = 0;
        return _unanswered.Count <= MaxStreams;
    }

    /// <summary>Answers a call: at once if the answer is small and fits the windows, else as they allow.</summary>
    public void Answer(int stream, CallShape shape)
    {
        _unanswered.Remove(stream, out var credit);
        WriteHeaders(stream);
        var size = (int)shape.ResponseSize;
        if (shape.Messages == 1 && size <= 4096 && size <= _window && size <= _initialWindow && _active.Count == 0)
        {
            _window -= size;
            WriteMessage(Frame(0x0, 0, stream, size), shape, 0);
            WriteTrailers(stream);
            return;
        }

        _active.Add(new Response(stream, shape) { Window = (long)_initialWindow + credit });
    }

    /// <summary>Writes DATA of the responses under way, in turn, as the windows allow, up to a full buffer.</summary>
    public void Pump()
    {
        var stalled = 0;
        while (stalled < _active.Count && _end - _start < HighWater)
        {
            if (_turn >= _active.Count) _turn = 0;
            var response = _active[_turn];
            if (WriteSome(response)) stalled = 0;
            else stalled++;
            if (response.IsComplete)
            {
                WriteTrailers(response.Stream);
                _active.RemoveAt(_turn);
            }
            else
            {
                _turn++;
            }
        }
    }

    // Up to four full frames of one response. A small message has a frame of its own, as servers send it.
    private bool WriteSome(Response response)
    {
        var shape = response.Shape;
        var whole = CallShape.PrefixSize + shape.MessageSize;
        var budget = 4 * MaxFrame;
        while (budget > 0 && !response.IsComplete)
        {
            var size = (int)Math.Min(Math.Min(whole - response.Offset, MaxFrame), Math.Min(_window, response.Window));
            if (size <= 0) break;
            WriteMessage(Frame(0x0, 0, response.Stream, size), shape, response.Offset);
            _window -= size;
            response.Window -= size;
            budget -= size;
            response.Offset += size;
            if (response.Offset < whole) continue;
            response.Offset = 0;
            response.Message++;
        }

        return budget < 4 * MaxFrame;
    }

    private static void WriteMessage(Span<byte> into, CallShape shape, int offset)
    {
        Span<byte> prefix = stackalloc byte[CallShape.PrefixSize];
        prefix[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], shape.MessageSize);
        if (offset < prefix.Length)
        {
            var part = prefix[offset..];
            if (part.Length > into.Length) part = part[..into.Length];
            part.CopyTo(into);
            into = into[part.Length..];
        }

        Filler.AsSpan(0, into.Length).CopyTo(into);
    }

    private void WriteHeaders(int stream)
    {
        ReadOnlySpan<byte> update = _mustAnnounceTable ? NoTable : [];
        _mustAnnounceTable = false;
        if (!_usesTable) Block(stream, EndHeaders, update, PlainHeaders);
        else if (!_hasType) Block(stream, EndHeaders, update, FirstHeaders);
        else Block(stream, EndHeaders, update, _hasStatus ? [0x88, 0xbf] : [0x88, 0xbe]);
        _hasType = _usesTable;
    }

    private void WriteTrailers(int stream)
    {
        Block(stream, EndHeaders | EndStream, [], !_usesTable ? PlainTrailers : _hasStatus ? [0xbe] : FirstTrailers);
        _hasStatus = _usesTable;
    }

    private void Block(int stream, byte flags, ReadOnlySpan<byte> update, ReadOnlySpan<byte> fields)
    {
        var payload = Frame(0x1, flags, stream, update.Length + fields.Length);
        update.CopyTo(payload);
        fields.CopyTo(payload[update.Length..]);
    }

    private Span<byte> Frame(byte type, byte flags, int stream, int length)
    {
        var needed = FrameHeader + length;
        if (_output.Length - _end < needed) MakeRoom(needed);
        var frame = _output.AsSpan(_end, needed);
        _end += needed;
        frame[0] = (byte)(length >> 16);
        frame[1] = (byte)(length >> 8);
        frame[2] = (byte)length;
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame[5..], stream);
        return frame[FrameHeader..];
    }

    private void MakeRoom(int needed)
    {
        // Bounded: reading pauses at 1 MiB, and what one read of 64 KiB makes of answers is a few times that at most.
        var size = _end - _start;
        var into = size + needed <= _output.Length / 2 ? _output : new byte[Math.Max(_output.Length * 2, size + needed)];
        Output.CopyTo(into);
        _output = into;
        (_start, _end) = (0, size);
    }

    private static void Setting(Span<byte> at, short id, int value)
    {
        BinaryPrimitives.WriteInt16BigEndian(at, id);
        BinaryPrimitives.WriteInt32BigEndian(at[2..], value);
    }

    private static byte[] CreateFiller()
    {
        var filler = new byte[MaxFrame];
        for (var i = 0; i < filler.Length; i++) filler[i] = (byte)('a' + (i % 26));
        return filler;
    }

    private sealed class Response(int stream, CallShape shape)
    {
        public int Stream { get; } = stream;

        public CallShape Shape { get; } = shape;

        public long Window { get; set; }

        public int Message { get; set; }

        public int Offset { get; set; }

        public bool IsComplete => Message == Shape.Messages;
    }
}
