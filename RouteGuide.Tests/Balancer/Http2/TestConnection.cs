using RouteGuide.Http2;
using RouteGuide.Http2.Frames;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>A connection under test and the other end of its wire, in octets.</summary>
internal sealed class TestConnection
{
    private readonly HpackDecoder _decoder = new(4096, new HeaderInterner());
    private long _now = 1_000;

    public TestConnection(Http2Role role, Http2Limits? limits = null, bool handshake = true)
    {
        Limits = limits ?? Http2Limits.Default;
        Connection = new Http2Connection(role, Limits, Handler, new Http2Resources());
        Connection.Start(_now);
        if (!handshake) return;
        Send(role == Http2Role.Server ? Wire.Concat(Wire.Preface, Wire.Settings(), Wire.SettingsAck) : Wire.Concat(Wire.Settings(), Wire.SettingsAck));
        Sent();
    }

    public Http2Limits Limits { get; }

    public Http2Connection Connection { get; }

    public RecordingHandler Handler { get; } = new();

    public Http2ErrorCode? Failure => Connection.Failure?.Code;

    /// <summary>The peer sends octets.</summary>
    public bool Send(params byte[][] parts) => Connection.Receive(Wire.Concat(parts), _now);

    public bool Later(int ms)
    {
        _now += ms;
        return Connection.Tick(_now);
    }

    /// <summary>Takes what the connection has sent and tells it in words, one frame each.</summary>
    public List<string> Sent()
    {
        var frames = new List<string>();
        while (Connection.Output.Length > 0)
        {
            frames.AddRange(Parse(Connection.Output.Take().Span));
            Connection.Output.Release();
            Connection.Pump(_now);
        }

        return frames;
    }

    public Http2Stream Open(bool end = false, params (string, string)[] more) => Connection.OpenStream(Wire.List(Wire.Request(more)), end, null)!;

    /// <summary>What the peer may still send on all streams.</summary>
    public int ConnectionCredit => Connection.ReceiveCredit;

    /// <summary>Takes what the connection has sent, frame by frame, octets and all.</summary>
    public List<(FrameHeader Header, byte[] Octets)> SentRaw()
    {
        var frames = new List<(FrameHeader, byte[])>();
        var octets = Connection.Output.Take().Span;
        while (!octets.IsEmpty)
        {
            var header = FrameHeader.Read(octets);
            frames.Add((header, octets[..(9 + header.Length)].ToArray()));
            octets = octets[(9 + header.Length)..];
        }

        Connection.Output.Release();
        return frames;
    }

    // A parser of its own, so that reader and writer do not confirm each other's mistakes.
    private List<string> Parse(ReadOnlySpan<byte> octets)
    {
        var frames = new List<string>();
        if (octets.StartsWith("PRI "u8))
        {
            frames.Add("preface");
            octets = octets[24..];
        }

        while (!octets.IsEmpty)
        {
            var length = octets[0] << 16 | octets[1] << 8 | octets[2];
            var (type, flags, id) = (octets[3], octets[4], System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(octets[5..]));
            var payload = octets.Slice(9, length);
            octets = octets[(9 + length)..];
            var end = (flags & 1) != 0 ? " end" : "";
            frames.Add(type switch
            {
                0 => $"DATA {id} {length}{end}",
                1 => $"HEADERS {id} {Decode(payload)}{end}",
                3 => $"RST_STREAM {id} {(Http2ErrorCode)UInt(payload)}",
                4 => (flags & 1) != 0 ? "SETTINGS ack" : $"SETTINGS {Settings(payload)}",
                6 => $"PING {UInt(payload)}-{UInt(payload[4..])}{((flags & 1) != 0 ? " ack" : "")}",
                7 => $"GOAWAY {UInt(payload)} {(Http2ErrorCode)UInt(payload[4..])}",
                8 => $"WINDOW_UPDATE {id} {UInt(payload)}",
                9 => $"CONTINUATION {id} {length}",
                _ => $"type {type}",
            });
        }

        return frames;
    }

    private string Decode(ReadOnlySpan<byte> block)
    {
        var list = new HeaderList();
        _decoder.Decode(block, list, int.MaxValue, int.MaxValue);
        return Wire.Text(list);
    }

    private static uint UInt(ReadOnlySpan<byte> octets) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(octets);

    private static string Settings(ReadOnlySpan<byte> payload)
    {
        var text = new List<string>();
        for (; !payload.IsEmpty; payload = payload[6..]) text.Add($"{payload[0] << 8 | payload[1]}={UInt(payload[2..])}");
        return string.Join(",", text);
    }
}
