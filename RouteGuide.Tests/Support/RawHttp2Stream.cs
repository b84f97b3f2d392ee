using System.Buffers.Binary;

namespace RouteGuide.Tests.Support;

/// <summary>One stream of a <see cref="RawHttp2Connection"/>: sends what it is told, keeps what it receives.</summary>
internal sealed class RawHttp2Stream(RawHttp2Connection connection, int id)
{
    private readonly Lock _sync = new();
    private readonly List<byte> _data = [];
    private readonly List<IReadOnlyList<(string Name, string Value)>> _blocks = [];

    public int Id => id;

    /// <summary>The first header block received, with its pseudo-headers; empty before it.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers => Block(0);

    /// <summary>The second header block received; empty if there is none.</summary>
    public IReadOnlyList<(string Name, string Value)> Trailers => Block(1);

    /// <summary>All DATA received.</summary>
    public byte[] Data
    {
        get
        {
            lock (_sync) return [.. _data];
        }
    }

    /// <summary>The gRPC messages received whole: their compressed flags and payloads.</summary>
    public IReadOnlyList<(byte Flag, byte[] Payload)> Messages
    {
        get
        {
            List<(byte, byte[])> messages = [];
            var rest = Data.AsSpan();
            while (rest.Length >= 5)
            {
                var length = BinaryPrimitives.ReadInt32BigEndian(rest[1..]);
                if (rest.Length - 5 < length) break;
                messages.Add((rest[0], rest.Slice(5, length).ToArray()));
                rest = rest[(5 + length)..];
            }

            return messages;
        }
    }

    /// <summary>Whether the peer ended its side in order.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The code of the RST_STREAM received, else null.</summary>
    public int? ResetCode { get; private set; }

    public bool IsReset => ResetCode is not null;

    /// <summary>Whether the reply is one header block, which ended the stream.</summary>
    public bool IsTrailersOnly => HasEnded && _blocks.Count == 1 && _data.Count == 0;

    /// <summary>The <c>:status</c> received.</summary>
    public string? HttpStatus => Header(":status");

    /// <summary>The <c>grpc-status</c> received, in the trailers or, without any, in the headers.</summary>
    public string? GrpcStatus => Trailer("grpc-status");

    /// <summary>The <c>grpc-message</c> received, as it was on the wire.</summary>
    public string? GrpcMessage => Trailer("grpc-message");

    /// <summary>What the peer's window for this stream has beyond its initial size, in bytes; kept by the connection.</summary>
    internal long SendWindow { get; set; }

    /// <summary>The value of a field in the first header block, or null.</summary>
    public string? Header(string name) => Headers.FirstOrDefault(h => h.Name == name).Value;

    /// <summary>The value of a field in the trailers or, where there is one block only, in that; or null.</summary>
    public string? Trailer(string name) => (Trailers.Count > 0 ? Trailers : Headers).FirstOrDefault(h => h.Name == name).Value;

    public Task SendHeadersAsync(IEnumerable<(string Name, string Value)> headers, bool end = false) =>
        connection.SendAsync(
            RawHttp2FrameType.Headers,
            (byte)(RawHttp2Flags.EndHeaders | (end ? RawHttp2Flags.EndStream : 0)),
            id,
            RawHttp2Hpack.Encode(headers));

    /// <summary>Sends bytes as the windows allow.</summary>
    public Task SendDataAsync(ReadOnlyMemory<byte> data, bool end = false) => connection.SendDataAsync(this, data, end);

    /// <summary>Sends one gRPC message with its prefix.</summary>
    public Task SendMessageAsync(ReadOnlySpan<byte> payload, bool end = false, byte flag = 0) => SendDataAsync(Frame(payload, flag), end);

    /// <summary>Sends RST_STREAM.</summary>
    public Task ResetAsync(int code)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, code);
        return connection.SendAsync(RawHttp2FrameType.RstStream, 0, id, payload);
    }

    /// <summary>Waits until the peer ended its side, in order or by RST_STREAM.</summary>
    public Task Ended() => connection.Until(() => HasEnded || IsReset, $"the end of stream {id}");

    /// <summary>Waits for the first header block.</summary>
    public Task HasHeaders() => connection.Until(() => Headers.Count > 0, $"headers on stream {id}");

    /// <summary>Waits until a number of whole messages is there.</summary>
    public Task HasMessages(int count) => connection.Until(() => Messages.Count >= count, $"{count} messages on stream {id}");

    /// <summary>A gRPC message with its prefix.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> payload, byte flag = 0)
    {
        var framed = new byte[5 + payload.Length];
        framed[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), payload.Length);
        payload.CopyTo(framed.AsSpan(5));
        return framed;
    }

    internal void Receive(RawHttp2Frame frame)
    {
        lock (_sync)
        {
            switch (frame.Type)
            {
                case RawHttp2FrameType.Headers: _blocks.Add(frame.Headers); break;
                case RawHttp2FrameType.Data: _data.AddRange(frame.Payload); break;
                case RawHttp2FrameType.RstStream: ResetCode = frame.ErrorCode; break;
                default: break;
            }

            if (frame.EndsStream) HasEnded = true;
        }
    }

    private IReadOnlyList<(string Name, string Value)> Block(int index)
    {
        lock (_sync) return _blocks.Count > index ? _blocks[index] : [];
    }
}
