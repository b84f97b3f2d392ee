using System.Buffers.Binary;
using RouteGuide.Bench.Backend;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Bench.Micro;

/// <summary>
/// Relays canned calls: the octets of a client and of a target are made once, only the ids of the streams change from turn to turn. So
/// what is measured is the relay alone, and not the two ends.
/// </summary>
internal sealed class MemoryRelay
{
    private readonly Http2Connection _front;
    private readonly Http2Connection _back;
    private readonly Script _requests;
    private readonly Script _answers;
    private readonly int _batch;
    private int _stream = 1;
    private long _now = 1;

    /// <param name="batch">Calls that arrive in one read, 1 to 100.</param>
    public MemoryRelay(int batch)
    {
        _batch = batch;
        var resources = new Http2Resources();
        var (front, back) = (new RelayHandler(resources), new RelayHandler(resources));
        front.Own = back.Other = _front = new Http2Connection(Http2Role.Server, Http2Limits.Default, front, resources);
        back.Own = front.Other = _back = new Http2Connection(Http2Role.Client, Http2Limits.Default, back, resources);
        _front.Start(_now);
        _back.Start(_now);

        var (client, target) = (new HpackEncoder(4096), new HpackEncoder(4096));
        Feed(_front, [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Script.Frame(0x4, 0, 0, [])]);
        Feed(_back, Script.Frame(0x4, 0, 0, []));
        // The first calls fill the tables; then the blocks are the short ones that the scripts repeat.
        for (var i = 0; i < GrpcFields.BlocksUntilWarm; i++, _stream += 2)
        {
            Feed(_front, Request(client, 1).At(_stream));
            Feed(_back, Answer(target, 1).At(_stream));
        }

        _requests = Request(client, batch);
        _answers = Answer(target, batch);
    }

    /// <summary>A batch of calls, from the client's octets to the client's answers.</summary>
    /// <returns>Octets that came out on both sides.</returns>
    public long Turn()
    {
        _now++;
        var sent = Feed(_front, _requests.At(_stream)) + Feed(_back, _answers.At(_stream));
        _stream += 2 * _batch;
        return sent;
    }

    private static Script Request(HpackEncoder encoder, int count) => new(count, (int)CallShape.Unary.ResponseSize, () =>
    [
        .. Script.Frame(0x1, 0x4, 0, GrpcFields.Encode(encoder, GrpcFields.Request())),
        .. Script.Frame(0x0, 0x1, 0, CallShape.Unary.ToRequest()),
    ]);

    private static Script Answer(HpackEncoder encoder, int count) => new(count, CallShape.RequestSize, () =>
    [
        .. Script.Frame(0x1, 0x4, 0, GrpcFields.Encode(encoder, GrpcFields.Response())),
        .. Script.Frame(0x0, 0, 0, new byte[CallShape.Unary.ResponseSize]),
        .. Script.Frame(0x1, 0x5, 0, GrpcFields.Encode(encoder, GrpcFields.Trailers())),
    ]);

    private long Feed(Http2Connection to, ReadOnlySpan<byte> octets)
    {
        if (!to.Receive(octets, _now)) throw new InvalidOperationException("the relay ended the connection", to.Failure);
        return Drain(_front) + Drain(_back);
    }

    private long Drain(Http2Connection from)
    {
        var length = from.Output.Length;
        if (length == 0) return 0;
        from.Output.Take();
        from.Output.Release();
        from.Pump(_now);
        return length;
    }

    /// <summary>Frames of some calls, one after the other, whose stream ids are set before each use.</summary>
    private sealed class Script
    {
        private readonly List<(int Offset, int Call)> _ids = [];

        /// <param name="count">Calls.</param>
        /// <param name="credit">Octets of DATA that come back for each, for which the relay is given credit.</param>
        /// <param name="frames">The frames of one of them.</param>
        public Script(int count, int credit, Func<byte[]> frames)
        {
            var update = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(update, count * credit);
            List<byte> octets = [.. Frame(0x8, 0, 0, update)];
            for (var call = 0; call < count; call++)
            {
                var start = octets.Count;
                octets.AddRange(frames());
                for (var at = start; at < octets.Count; at += 9 + ((octets[at] << 16) | (octets[at + 1] << 8) | octets[at + 2])) _ids.Add((at + 5, call));
            }

            Octets = [.. octets];
            At(1);
        }

        public byte[] Octets { get; }

        public byte[] At(int firstStream)
        {
            foreach (var (offset, call) in _ids) BinaryPrimitives.WriteInt32BigEndian(Octets.AsSpan(offset), firstStream + (2 * call));
            return Octets;
        }

        public static byte[] Frame(byte type, byte flags, int stream, byte[] payload) =>
            [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, (byte)(stream >> 24), (byte)(stream >> 16), (byte)(stream >> 8), (byte)stream, .. payload];
    }
}
