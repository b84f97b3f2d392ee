using System.Buffers.Binary;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using HpackWire = RouteGuide.Tests.Balancer.Http2.Wire;

namespace RouteGuide.Tests.Balancer.Fuzz;

/// <summary>
/// Reads what a connection receives and what it sends, with a parser of its own, and holds it to what a peer may rely on whatever it has sent
/// itself: whole frames of a legal size, in a legal order, within the windows that were granted, and nothing after the end.
/// </summary>
/// <param name="role">The judged end.</param>
internal sealed class OutputJudge(Http2Role role)
{
    private const int HeaderSize = 9;
    private const int DefaultWindow = 65_535;

    private readonly HpackDecoder _decoder = new(HpackEncoder.InitialTableSize, new HeaderInterner());
    private readonly HeaderList _fields = new();
    private readonly List<byte> _input = [];
    private readonly List<byte> _output = [];
    private readonly List<byte> _block = [];
    private readonly Dictionary<int, long> _granted = []; // octets by WINDOW_UPDATE; 0 is the connection
    private readonly Dictionary<int, long> _sent = []; // octets of DATA
    private readonly HashSet<int> _opened = []; // by HEADERS of the peer
    private readonly HashSet<int> _ended = []; // END_STREAM was sent
    private readonly HashSet<int> _reset = []; // RST_STREAM was sent
    private bool _inputEnds; // what comes is no HTTP/2 any more
    private bool _prefaceRead;
    private bool _prefaceSent;
    private bool _settingsSent;
    private bool _over; // GOAWAY with an error was sent
    private int _openBlock; // the stream whose header block has not ended
    private int _lastOpened;
    private long _largestInitialWindow = DefaultWindow;
    private int _largestFrame = 16_384;
    private int _settingsReceived;
    private int _pingsReceived;
    private int _settingsAcknowledged;
    private int _pingsAcknowledged;

    /// <summary>Frames that were sent.</summary>
    public int Frames { get; private set; }

    /// <summary>GOAWAY with an error was sent.</summary>
    public bool HasFailed => _over;

    /// <summary>The last stream that was opened (client role).</summary>
    public int LastOpened => _lastOpened;

    /// <summary>The streams that RST_STREAM was sent for.</summary>
    public IReadOnlyCollection<int> Resets => _reset;

    /// <summary>Is told of each header section that was sent: its stream, and the fields in their order.</summary>
    public Action<int, string>? OnFields { get; set; }

    /// <summary>What the connection is given.</summary>
    public void OnInput(ReadOnlySpan<byte> octets)
    {
        if (_inputEnds) return;
        _input.AddRange(octets);
        if (role == Http2Role.Server && !_prefaceRead)
        {
            if (_input.Count < HpackWire.Preface.Length) return;
            _prefaceRead = true;
            _inputEnds = !_input[..HpackWire.Preface.Length].SequenceEqual(HpackWire.Preface);
            _input.RemoveRange(0, HpackWire.Preface.Length);
        }

        ReadOnlySpan<byte> all = _input.ToArray();
        var rest = all;
        while (!_inputEnds && TryCut(ref rest, out var header, out var payload)) OnReceivedFrame(header[3], header[4], IdOf(header), payload);
        _input.RemoveRange(0, all.Length - rest.Length);
    }

    /// <summary>What the connection has sent.</summary>
    public void OnOutput(ReadOnlySpan<byte> octets)
    {
        _output.AddRange(octets);
        if (role == Http2Role.Client && !_prefaceSent)
        {
            if (_output.Count < HpackWire.Preface.Length) return;
            _prefaceSent = true;
            Assert.Equal(HpackWire.Preface, _output[..HpackWire.Preface.Length]);
            _output.RemoveRange(0, HpackWire.Preface.Length);
        }

        ReadOnlySpan<byte> all = _output.ToArray();
        var rest = all;
        while (TryCut(ref rest, out var header, out var payload))
        {
            Frames++;
            OnSentFrame(header[3], header[4], IdOf(header), payload);
        }

        _output.RemoveRange(0, all.Length - rest.Length);
    }

    /// <summary>All output has been seen.</summary>
    public void OnEnd()
    {
        Assert.Empty(_output);
        Assert.Equal(0, _openBlock);
    }

    private static int IdOf(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadInt32BigEndian(header[5..]) & int.MaxValue;

    private static bool TryCut(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> header, out ReadOnlySpan<byte> payload)
    {
        header = payload = default;
        if (rest.Length < HeaderSize) return false;
        var length = rest[0] << 16 | rest[1] << 8 | rest[2];
        if (rest.Length < HeaderSize + length) return false;
        header = rest[..HeaderSize];
        payload = rest.Slice(HeaderSize, length);
        rest = rest[(HeaderSize + length)..];
        return true;
    }

    private void OnReceivedFrame(int type, int flags, int id, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case 1:
                _opened.Add(id);
                break;
            case 4 when (flags & 1) == 0:
                _settingsReceived++;
                for (var rest = payload; rest.Length >= 6; rest = rest[6..])
                {
                    var value = BinaryPrimitives.ReadUInt32BigEndian(rest[2..]);
                    if (rest[1] == 4 && rest[0] == 0) _largestInitialWindow = Math.Max(_largestInitialWindow, value);
                    if (rest[1] == 5 && rest[0] == 0) _largestFrame = (int)Math.Max(_largestFrame, Math.Min(value, 0xff_ffff));
                }

                break;
            case 6 when (flags & 1) == 0:
                _pingsReceived++;
                break;
            case 8 when payload.Length == 4:
                _granted[id] = _granted.GetValueOrDefault(id) + (BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue);
                break;
        }
    }

    private void OnSentFrame(int type, int flags, int id, ReadOnlySpan<byte> payload)
    {
        var what = $"type {type}, flags {flags}, stream {id}, {payload.Length} octets";
        Assert.False(_over, $"a frame after GOAWAY with an error: {what}");
        Assert.True(payload.Length <= _largestFrame, $"larger than the peer takes: {what}");
        Assert.True(_settingsSent || (type == 4 && (flags & 1) == 0), $"before SETTINGS: {what}");
        _settingsSent = true;
        Assert.True(_openBlock == 0 || (type == 9 && id == _openBlock), $"inside the header block of stream {_openBlock}: {what}");
        switch (type)
        {
            case 0:
                OnData(id, flags, payload.Length, what);
                break;
            case 1 or 9:
                OnHeaders(type, flags, id, payload, what);
                break;
            case 3:
                RequireKnown(id, what);
                Assert.Equal(4, payload.Length);
                Assert.True(_reset.Add(id), $"a second RST_STREAM: {what}");
                break;
            case 4:
                Assert.Equal(0, id);
                if ((flags & 1) != 0) Assert.True(++_settingsAcknowledged <= _settingsReceived, $"acknowledges what did not come: {what}");
                break;
            case 6:
                Assert.Equal(8, payload.Length);
                if ((flags & 1) != 0) Assert.True(++_pingsAcknowledged <= _pingsReceived, $"acknowledges what did not come: {what}");
                break;
            case 7:
                _over = BinaryPrimitives.ReadUInt32BigEndian(payload[4..]) != 0;
                break;
            case 8:
                Assert.InRange(BinaryPrimitives.ReadInt32BigEndian(payload), 1, int.MaxValue);
                Assert.DoesNotContain(id, _reset);
                if (id != 0) RequireKnown(id, what);
                break;
            default:
                Assert.Fail($"nobody asked for this: {what}");
                break;
        }
    }

    private void OnData(int id, int flags, int length, string what)
    {
        RequireOpen(id, what);
        foreach (var (window, initial) in ((int, long)[])[(id, _largestInitialWindow), (0, DefaultWindow)])
        {
            var sent = _sent[window] = _sent.GetValueOrDefault(window) + length;
            Assert.True(sent <= initial + _granted.GetValueOrDefault(window), $"{sent} octets beyond window {window}: {what}");
        }

        if ((flags & 1) != 0) _ended.Add(id);
    }

    private void OnHeaders(int type, int flags, int id, ReadOnlySpan<byte> payload, string what)
    {
        if (type == 1)
        {
            if (role == Http2Role.Client && id > _lastOpened)
            {
                Assert.Equal(1, id & 1);
                _lastOpened = id;
            }

            RequireOpen(id, what);
            Assert.Equal(0, flags & 0x28); // padding and priority are never sent
            if ((flags & 1) != 0) _ended.Add(id);
        }

        _block.AddRange(payload);
        _openBlock = (flags & 4) != 0 ? 0 : id;
        if (_openBlock != 0) return;
        _fields.Clear();
        _decoder.Decode(_block.ToArray(), _fields, int.MaxValue, int.MaxValue);
        _block.Clear();
        OnFields?.Invoke(id, HpackWire.Text(_fields));
    }

    private void RequireKnown(int id, string what) =>
        Assert.True(role == Http2Role.Server ? _opened.Contains(id) : id > 0 && id <= _lastOpened, $"on a stream that nobody opened: {what}");

    private void RequireOpen(int id, string what)
    {
        RequireKnown(id, what);
        Assert.False(_ended.Contains(id), $"after END_STREAM: {what}");
        Assert.False(_reset.Contains(id), $"after RST_STREAM: {what}");
    }
}
