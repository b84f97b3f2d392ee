using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;

namespace RouteGuide.Tests.Support;

/// <summary>
/// HTTP/2 (RFC 9113) by hand: what is called is sent, right or wrong, and every frame received is kept in order.
/// SETTINGS and PING are acknowledged and receive windows refilled unless that is turned off.
/// <code>
/// await using var h2 = await RawHttp2Connection.ConnectAsync(new Uri("http://127.0.0.1:5000"));
/// var stream = await h2.OpenAsync(RawHttp2Connection.GrpcRequest("/routeguide.RouteGuide/GetFeature"));
/// await stream.SendMessageAsync(point.ToByteArray(), end: true);
/// await stream.Ended();
/// Assert.Equal("0", stream.GrpcStatus);
/// </code>
/// </summary>
internal sealed class RawHttp2Connection : IAsyncDisposable
{
    private const int HeaderSize = 9;
    private const int MaxFrame = 16_384;
    private const int DefaultWindow = 65_535;

    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    private readonly Stream _transport;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _sync = new();
    private readonly List<RawHttp2Frame> _frames = [];
    private readonly Dictionary<int, RawHttp2Stream> _streams = [];
    private readonly Task _reading;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _nextStreamId = 1;
    private int _nextAccepted;
    private long _peerStreamWindow = DefaultWindow;
    private long _sendWindow = DefaultWindow;

    private RawHttp2Connection(Stream transport)
    {
        _transport = transport;
        _reading = ReadAllAsync();
    }

    /// <summary>Acknowledge SETTINGS and PING; on unless turned off.</summary>
    public bool Acknowledges { get; set; } = true;

    /// <summary>Refill the windows of the connection and its streams for all DATA that arrives; on unless turned off.</summary>
    public bool RefillsWindows { get; set; } = true;

    /// <summary>Everything received so far, in order.</summary>
    public IReadOnlyList<RawHttp2Frame> Frames
    {
        get
        {
            lock (_sync) return [.. _frames];
        }
    }

    /// <summary>Whether the peer has ended the connection, or it broke.</summary>
    public bool IsClosed => _reading.IsCompleted;

    /// <summary>Why reading ended, if not by an orderly end.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>The streams that the peer opened, when we are the server, or we, in order.</summary>
    public IReadOnlyList<RawHttp2Stream> Streams
    {
        get
        {
            lock (_sync) return [.. _streams.Values];
        }
    }

    /// <summary>
    /// Connects as a client: plaintext with prior knowledge for http, TLS with ALPN h2 for https, whose certificate is accepted
    /// unless <paramref name="tls"/> says otherwise. Sends the preface and SETTINGS.
    /// </summary>
    /// <param name="address">Where to.</param>
    /// <param name="settings">Settings besides HEADER_TABLE_SIZE 0, by their numbers (RFC 9113, 6.5.2).</param>
    /// <param name="tls">How TLS is done.</param>
    public static async Task<RawHttp2Connection> ConnectAsync(Uri address, IReadOnlyDictionary<int, uint>? settings = null, SslClientAuthenticationOptions? tls = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream transport;
        try
        {
            await socket.ConnectAsync(address.Host, address.Port);
            transport = new NetworkStream(socket, ownsSocket: true);
            if (address.Scheme == Uri.UriSchemeHttps)
            {
                var secure = new SslStream(transport);
                transport = secure;
                await secure.AuthenticateAsClientAsync(tls ?? new SslClientAuthenticationOptions
                {
                    TargetHost = address.Host,
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                    // Any certificate will do, but there has to be one.
                    RemoteCertificateValidationCallback = (_, _, _, errors) => errors != SslPolicyErrors.RemoteCertificateNotAvailable,
                });
            }
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return await StartAsync(transport, isServer: false, settings);
    }

    /// <summary>Takes the server's side of a connection that was accepted. Sends SETTINGS; the client's preface is read first.</summary>
    public static async Task<RawHttp2Connection> AcceptAsync(Stream transport, IReadOnlyDictionary<int, uint>? settings = null)
    {
        var preface = new byte[Preface.Length];
        await transport.ReadExactlyAsync(preface);
        if (!preface.AsSpan().SequenceEqual(Preface)) throw new InvalidDataException("The client does not speak HTTP/2.");
        return await StartAsync(transport, isServer: true, settings);
    }

    /// <summary>The headers of a gRPC request, then those given; a pseudo-header given replaces ours (over TLS, <c>:scheme</c> has to).</summary>
    public static (string Name, string Value)[] GrpcRequest(string path, params (string Name, string Value)[] more)
    {
        (string Name, string Value)[] pseudo = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost")];
        return
        [
            .. pseudo.Select(p => more.FirstOrDefault(m => m.Name == p.Name, p)),
            ("content-type", "application/grpc"), ("te", "trailers"),
            .. more.Where(m => m.Name[0] != ':'),
        ];
    }

    /// <summary>Opens a stream with a HEADERS frame.</summary>
    public async Task<RawHttp2Stream> OpenAsync(IEnumerable<(string Name, string Value)> headers, bool end = false)
    {
        RawHttp2Stream stream;
        lock (_sync)
        {
            stream = GetStream(_nextStreamId);
            _nextStreamId += 2;
        }

        await stream.SendHeadersAsync(headers, end);
        return stream;
    }

    /// <summary>The next stream that the peer opens.</summary>
    public async Task<RawHttp2Stream> AcceptStreamAsync()
    {
        RawHttp2Stream? stream = null;
        await Until(() => (stream = Streams.Where(s => s.Id % 2 == 1).ElementAtOrDefault(_nextAccepted)) is not null, "a stream that the peer opens");
        _nextAccepted++;
        return stream!;
    }

    /// <summary>Sends one frame as it is.</summary>
    public async Task SendAsync(RawHttp2FrameType type, byte flags, int streamId, ReadOnlyMemory<byte> payload)
    {
        var frame = new byte[HeaderSize + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = (byte)type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
        payload.CopyTo(frame.AsMemory(HeaderSize));
        await SendBytesAsync(frame);
    }

    /// <summary>Sends bytes that need not be a frame.</summary>
    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        await _sending.WaitAsync(_ending.Token);
        try
        {
            await _transport.WriteAsync(bytes, _ending.Token);
            await _transport.FlushAsync(_ending.Token);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Adds to the peer's window for a stream, or for the connection with 0.</summary>
    public Task SendWindowUpdateAsync(int streamId, int increment) => SendAsync(RawHttp2FrameType.WindowUpdate, 0, streamId, Integers(increment));

    /// <summary>Waits for a frame that fits, also among those received already.</summary>
    public async Task<RawHttp2Frame> WaitForAsync(Func<RawHttp2Frame, bool> fits, string what)
    {
        RawHttp2Frame? found = null;
        await Until(() => (found = Frames.FirstOrDefault(fits)) is not null, what);
        return found!;
    }

    /// <summary>Waits until something holds, looked at again whenever a frame arrives.</summary>
    /// <exception cref="TimeoutException">It does not within <see cref="Eventually.Patience"/>.</exception>
    /// <exception cref="IOException">The connection ended before.</exception>
    public async Task Until(Func<bool> condition, string what)
    {
        using var patience = new CancellationTokenSource(Eventually.Patience);
        while (true)
        {
            Task changed;
            bool isClosed;
            lock (_sync)
            {
                changed = _changed.Task;
                isClosed = IsClosed;
            }

            if (condition()) return;
            if (isClosed) throw new IOException($"The connection ended before: {what}\n{Transcript}", Failure);
            try
            {
                await Task.WhenAny(changed, _reading).WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Not within {Eventually.Patience.TotalSeconds} s: {what}\n{Transcript}");
            }
        }
    }

    /// <summary>Closes the connection without a word.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _transport.DisposeAsync();
        await _reading;
        _ending.Dispose();
        _sending.Dispose();
    }

    /// <summary>Sends DATA as far as the peer's windows allow, in as many frames as it takes.</summary>
    internal async Task SendDataAsync(RawHttp2Stream stream, ReadOnlyMemory<byte> data, bool end)
    {
        do
        {
            var length = 0;
            await Until(() => stream.IsReset || TryTakeWindow(stream, data.Length, out length), $"room in the peer's windows for {data.Length} bytes");
            if (stream.IsReset) return;
            var isLast = length == data.Length;
            await SendAsync(RawHttp2FrameType.Data, end && isLast ? RawHttp2Flags.EndStream : RawHttp2Flags.None, stream.Id, data[..length]);
            data = data[length..];
        }
        while (data.Length > 0);
    }

    private static async Task<RawHttp2Connection> StartAsync(Stream transport, bool isServer, IReadOnlyDictionary<int, uint>? settings)
    {
        var all = new Dictionary<int, uint> { [1] = 0 };
        foreach (var (key, value) in settings ?? new Dictionary<int, uint>()) all[key] = value;
        var preface = isServer ? [] : Preface;
        var first = new byte[preface.Length + 9 + (all.Count * 6)];
        preface.CopyTo(first, 0);
        var at = preface.Length;
        BinaryPrimitives.WriteUInt32BigEndian(first.AsSpan(at), (uint)(all.Count * 6) << 8 | (byte)RawHttp2FrameType.Settings);
        at += 9;
        foreach (var (key, value) in all)
        {
            BinaryPrimitives.WriteUInt16BigEndian(first.AsSpan(at), (ushort)key);
            BinaryPrimitives.WriteUInt32BigEndian(first.AsSpan(at + 2), value);
            at += 6;
        }

        // Before anything is read, as an acknowledgement must not overtake them (RFC 9113, 3.4).
        await transport.WriteAsync(first);
        return new RawHttp2Connection(transport);
    }

    private static byte[] Integers(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private string Transcript => "Frames received: " + string.Join(", ", Frames.Select(f => $"{f.Type}[{f.StreamId}] flags {f.Flags:X2} {f.Payload.Length} B"));

    private bool TryTakeWindow(RawHttp2Stream stream, int wanted, out int length)
    {
        lock (_sync)
        {
            var room = Math.Min(_sendWindow, _peerStreamWindow + stream.SendWindow);
            length = (int)Math.Min(Math.Min(wanted, MaxFrame), room);
            if (length <= 0 && wanted > 0) return false;
            _sendWindow -= length;
            stream.SendWindow -= length;
            return true;
        }
    }

    private RawHttp2Stream GetStream(int id)
    {
        if (!_streams.TryGetValue(id, out var stream)) _streams.Add(id, stream = new RawHttp2Stream(this, id));
        return stream;
    }

    private async Task ReadAllAsync()
    {
        await Task.Yield();
        try
        {
            while (await ReadFrameAsync() is { } frame)
            {
                lock (_sync)
                {
                    _frames.Add(frame);
                    Apply(frame);
                    var changed = _changed;
                    _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    changed.SetResult();
                }

                await AnswerAsync(frame);
            }
        }
        catch (Exception exception)
        {
            // The end of the connection, whatever its kind, is what a test looks at, not what ends it.
            Failure = exception;
        }
    }

    private void Apply(RawHttp2Frame frame)
    {
        switch (frame.Type)
        {
            case RawHttp2FrameType.Settings when (frame.Flags & RawHttp2Flags.Ack) == 0:
                for (var at = 0; at + 6 <= frame.Payload.Length; at += 6)
                {
                    const int InitialWindowSize = 4;
                    if (BinaryPrimitives.ReadUInt16BigEndian(frame.Payload.AsSpan(at)) == InitialWindowSize)
                        _peerStreamWindow = BinaryPrimitives.ReadUInt32BigEndian(frame.Payload.AsSpan(at + 2));
                }

                break;
            case RawHttp2FrameType.WindowUpdate when frame.StreamId == 0:
                _sendWindow += BinaryPrimitives.ReadInt32BigEndian(frame.Payload);
                break;
            case RawHttp2FrameType.WindowUpdate:
                GetStream(frame.StreamId).SendWindow += BinaryPrimitives.ReadInt32BigEndian(frame.Payload);
                break;
            default:
                if (frame.StreamId != 0) GetStream(frame.StreamId).Receive(frame);
                break;
        }
    }

    private async Task AnswerAsync(RawHttp2Frame frame)
    {
        var isAck = (frame.Flags & RawHttp2Flags.Ack) != 0;
        if (Acknowledges && !isAck && frame.Type is RawHttp2FrameType.Settings)
            await SendAsync(frame.Type, RawHttp2Flags.Ack, 0, ReadOnlyMemory<byte>.Empty);
        if (Acknowledges && !isAck && frame.Type is RawHttp2FrameType.Ping)
            await SendAsync(frame.Type, RawHttp2Flags.Ack, 0, frame.Payload);
        if (RefillsWindows && frame.Type is RawHttp2FrameType.Data && frame.Payload.Length > 0)
        {
            await SendWindowUpdateAsync(0, frame.Payload.Length);
            if (!frame.EndsStream) await SendWindowUpdateAsync(frame.StreamId, frame.Payload.Length);
        }
    }

    private async Task<RawHttp2Frame?> ReadFrameAsync()
    {
        var (type, flags, streamId, payload) = await ReadOneAsync();
        if (payload is null) return null;
        if (type is RawHttp2FrameType.Data or RawHttp2FrameType.Headers) payload = Unpad(type, flags, payload);
        if (type is not RawHttp2FrameType.Headers) return new RawHttp2Frame(type, flags, streamId, payload, []);

        var block = payload;
        var ended = (flags & RawHttp2Flags.EndHeaders) != 0;
        while (!ended)
        {
            var (_, nextFlags, _, next) = await ReadOneAsync();
            if (next is null) throw new EndOfStreamException("The connection ended within a header block.");
            block = [.. block, .. next];
            ended = (nextFlags & RawHttp2Flags.EndHeaders) != 0;
        }

        return new RawHttp2Frame(type, flags, streamId, block, RawHttp2Hpack.Decode(block));
    }

    private async Task<(RawHttp2FrameType Type, byte Flags, int StreamId, byte[]? Payload)> ReadOneAsync()
    {
        var header = new byte[HeaderSize];
        var read = await _transport.ReadAtLeastAsync(header, HeaderSize, throwOnEndOfStream: false, _ending.Token);
        if (read == 0) return default;
        if (read < HeaderSize) throw new EndOfStreamException("The connection ended within a frame.");
        var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header) >>> 8];
        await _transport.ReadExactlyAsync(payload, _ending.Token);
        return ((RawHttp2FrameType)header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)) & int.MaxValue, payload);
    }

    private static byte[] Unpad(RawHttp2FrameType type, byte flags, byte[] payload)
    {
        var start = 0;
        var padding = 0;
        if ((flags & RawHttp2Flags.Padded) != 0) padding = payload[start++];
        if (type == RawHttp2FrameType.Headers && (flags & RawHttp2Flags.Priority) != 0) start += 5;
        return payload[start..^padding];
    }
}
