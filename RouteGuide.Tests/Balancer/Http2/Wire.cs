using System.Buffers.Binary;
using RouteGuide.Http2;
using RouteGuide.Http2.Frames;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>Frames as octets, made by hand so that wrong ones can be made too.</summary>
internal static class Wire
{
    public static byte[] Preface => FrameWriter.Preface.ToArray();

    public static byte[] Frame(int type, int flags, int streamId, params byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        frame[1] = (byte)(payload.Length >> 8);
        frame[2] = (byte)payload.Length;
        frame[3] = (byte)type;
        frame[4] = (byte)flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
        payload.CopyTo(frame, 9);
        return frame;
    }

    public static byte[] Data(int streamId, byte[] content, bool end = false, int? padding = null) =>
        padding is { } pad
            ? Frame(0, (end ? 1 : 0) | 8, streamId, [(byte)pad, .. content, .. new byte[pad]])
            : Frame(0, end ? 1 : 0, streamId, content);

    public static byte[] Headers(int streamId, bool end, params (string Name, string Value)[] fields) => Frame(1, (end ? 1 : 0) | 4, streamId, Block(fields));

    public static byte[] Priority(int streamId, int dependsOn) => Frame(2, 0, streamId, [.. UInt32((uint)dependsOn), 16]);

    public static byte[] Reset(int streamId, Http2ErrorCode code) => Frame(3, 0, streamId, UInt32((uint)code));

    public static byte[] Settings(params (SettingId Id, uint Value)[] settings) =>
        Frame(4, 0, 0, [.. settings.SelectMany(s => (byte[])[(byte)((int)s.Id >> 8), (byte)s.Id, .. UInt32(s.Value)])]);

    public static byte[] SettingsAck => Frame(4, 1, 0);

    public static byte[] Ping(ulong opaque, bool ack = false) => Frame(6, ack ? 1 : 0, 0, [.. UInt32((uint)(opaque >> 32)), .. UInt32((uint)opaque)]);

    public static byte[] GoAway(int last, Http2ErrorCode code = Http2ErrorCode.NoError, string debug = "") =>
        Frame(7, 0, 0, [.. UInt32((uint)last), .. UInt32((uint)code), .. System.Text.Encoding.ASCII.GetBytes(debug)]);

    public static byte[] WindowUpdate(int streamId, uint increment) => Frame(8, 0, streamId, UInt32(increment));

    public static byte[] Continuation(int streamId, bool end, params byte[] fragment) => Frame(9, end ? 4 : 0, streamId, fragment);

    public static byte[] UInt32(uint value)
    {
        var octets = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(octets, value);
        return octets;
    }

    public static byte[] Concat(params byte[][] parts) => [.. parts.SelectMany(p => p)];

    /// <summary>A header block of literals without indexing, which leaves the tables alone.</summary>
    public static byte[] Block(params (string Name, string Value)[] fields) => [.. fields.SelectMany(f => (byte[])[0, .. Literal(f.Name), .. Literal(f.Value)])];

    public static byte[] Literal(string text)
    {
        var octets = System.Text.Encoding.Latin1.GetBytes(text);
        var length = new byte[HpackInteger.MaxLength];
        return [.. length[..HpackInteger.Write(length, 0, 7, octets.Length)], .. octets];
    }

    public static (string, string)[] Request(params (string, string)[] more) =>
        [(":method", "POST"), (":scheme", "https"), (":path", "/routeguide.RouteGuide/GetFeature"), (":authority", "example.com"), .. more];

    public static HeaderList List(params (string Name, string Value)[] fields)
    {
        var list = new HeaderList();
        foreach (var (name, value) in fields) list.Add(System.Text.Encoding.Latin1.GetBytes(name), System.Text.Encoding.Latin1.GetBytes(value));
        return list;
    }

    public static string Text(HeaderList list) =>
        string.Join("|", Enumerable.Range(0, list.Count).Select(i =>
            $"{System.Text.Encoding.Latin1.GetString(list.Name(i))}={System.Text.Encoding.Latin1.GetString(list.Value(i))}{(list[i].NeverIndexed ? "!" : "")}"));
}
