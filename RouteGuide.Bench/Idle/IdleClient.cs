using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using RouteGuide.Bench.Backend;

namespace RouteGuide.Bench.Idle;

/// <summary>
/// Connections that stay open and silent: TLS, SETTINGS exchanged, one call made and answered, then nothing but answers to PING.
/// What they take here does not matter; what they take in the proxy is measured.
/// </summary>
/// <param name="target">Where they go.</param>
/// <param name="certificate">What the target must show, DER.</param>
internal sealed class IdleClient(Uri target, byte[] certificate) : IAsyncDisposable
{
    /// <summary>Handshakes at once: enough to keep the proxy's core busy, few enough for its backlog.</summary>
    private const int AtOnce = 32;

    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(30);

    // One source address has about 28,000 ports to one destination, of which those of the last run may still be waiting.
    private const int PerSourceAddress = 5_000;

    private readonly List<IdleConnection> _connections = [];

    /// <summary>How many are still open.</summary>
    public int Open => _connections.Count(c => c.IsOpen);

    /// <summary>Opens so many more.</summary>
    /// <exception cref="BenchException">One could not be opened, or its call failed.</exception>
    public async Task Add(int count, CancellationToken cancellation)
    {
        var to = new IPEndPoint(IPAddress.Loopback, target.Port);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation };
        await Parallel.ForAsync(0, count, parallel, async (i, token) =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
            limit.CancelAfter(ConnectPatience);
            try
            {
                var connection = await IdleConnection.Connect(to, new IPAddress([127, 0, 0, (byte)(1 + (i / PerSourceAddress))]), certificate, limit.Token);
                lock (_connections) _connections.Add(connection);
            }
            catch (Exception e) when (e is IOException or SocketException or System.Security.Authentication.AuthenticationException or InvalidDataException || (e is OperationCanceledException && !token.IsCancellationRequested))
            {
                throw new BenchException($"connection {i + 1} of {count}: {e.Message}", e);
            }
        });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections) await connection.DisposeAsync();
    }
}

/// <summary>One of them.</summary>
internal sealed class IdleConnection : IAsyncDisposable
{
    private const int FrameHeader = 9;
    private const byte Settings = 0x4, Ping = 0x6, GoAway = 0x7, Reset = 0x3;

    // Preface, empty SETTINGS, and one request: HEADERS with literals, DATA with the message.
    private static readonly byte[] FirstFlight = CreateFirstFlight();
    private static readonly byte[] SettingsAck = [0, 0, 0, Settings, 1, 0, 0, 0, 0];

    private readonly SslStream _tls;
    private readonly CancellationTokenSource _ending = new();
    private Task _reading = Task.CompletedTask;

    private IdleConnection(SslStream tls) => _tls = tls;

    public bool IsOpen => !_reading.IsCompleted;

    /// <summary>Connects, calls once, and stays.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="InvalidDataException">The call failed, or the peer does not speak HTTP/2.</exception>
    public static async Task<IdleConnection> Connect(IPEndPoint to, IPAddress from, byte[] certificate, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? tls = null;
        try
        {
            socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(to, cancellation);
            tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "localhost",
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                    AllowTlsResume = false,
                    // It was made for this run, and nobody but we vouches for it.
                    RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null && shown.GetRawCertData().AsSpan().SequenceEqual(certificate),
                },
                cancellation);
            if (tls.NegotiatedApplicationProtocol != SslApplicationProtocol.Http2) throw new InvalidDataException("the peer does not speak HTTP/2");
            var connection = new IdleConnection(tls);
            await connection.Call(cancellation);
            connection._reading = connection.StayIdle();
            return connection;
        }
        catch
        {
            if (tls is not null) await tls.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _reading;
        await _tls.DisposeAsync();
        _ending.Dispose();
    }

    private async Task Call(CancellationToken cancellation)
    {
        await _tls.WriteAsync(FirstFlight, cancellation);
        var data = 0;
        var hasSettings = false;
        while (true)
        {
            var (type, flags, stream, payload) = await ReadFrame(cancellation) ?? throw new InvalidDataException("the connection was closed before the call was answered");
            if (type is GoAway or Reset) throw new InvalidDataException($"the call was refused with frame type {type}");
            if (type == Settings && (flags & 1) == 0)
            {
                hasSettings = true;
                await _tls.WriteAsync(SettingsAck, cancellation);
            }

            if (stream == 1 && type == 0) data += payload.Length;
            if (stream == 1 && type is 0 or 1 && (flags & 1) != 0) break;
        }

        if (!hasSettings || data != CallShape.Unary.ResponseSize) throw new InvalidDataException($"the call was answered with {data} octets, {CallShape.Unary.ResponseSize} are due");
    }

    private async Task StayIdle()
    {
        try
        {
            while (true)
            {
                // Waits without a buffer: ten thousand of them would be held.
                if (await _tls.ReadAsync(Memory<byte>.Empty, _ending.Token) < 0) return;
                if (await ReadFrame(_ending.Token) is not var (type, flags, _, payload)) return;
                if (type == GoAway) return;
                if (type == Ping && (flags & 1) == 0) await _tls.WriteAsync((byte[])[0, 0, 8, Ping, 1, 0, 0, 0, 0, .. payload], _ending.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidDataException)
        {
            // It is counted as closed: IsOpen says so.
        }
    }

    // Null at the end of the connection.
    private async Task<(byte Type, byte Flags, int Stream, byte[] Payload)?> ReadFrame(CancellationToken cancellation)
    {
        var header = new byte[FrameHeader];
        if (await _tls.ReadAtLeastAsync(header, FrameHeader, throwOnEndOfStream: false, cancellation) < FrameHeader) return null;
        var length = (header[0] << 16) | (header[1] << 8) | header[2];
        if (length > 1 << 14) throw new InvalidDataException($"a frame of {length} octets");
        var payload = new byte[length];
        await _tls.ReadExactlyAsync(payload, cancellation);
        return (header[3], header[4], System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)) & int.MaxValue, payload);
    }

    private static byte[] CreateFirstFlight()
    {
        // RFC 7541 appendix A: :method POST is 3, :scheme https 7, :path 4 and :authority 1 with values; the others by name.
        byte[] headers =
        [
            0x83, 0x87,
            .. Literal(0x44, "/routeguide.RouteGuide/GetFeature"u8),
            .. Literal(0x41, "localhost"u8),
            .. Literal(0x5f, "application/grpc"u8),
            0x40, .. Text("te"u8), .. Text("trailers"u8),
        ];
        var body = CallShape.Unary.ToRequest();
        return
        [
            .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, Settings, 0, 0, 0, 0, 0,
            0, 0, (byte)headers.Length, 1, 4, 0, 0, 0, 1, .. headers,
            0, 0, (byte)body.Length, 0, 1, 0, 0, 0, 1, .. body,
        ];

        static byte[] Literal(byte name, ReadOnlySpan<byte> value) => [name, .. Text(value)];
        static byte[] Text(ReadOnlySpan<byte> text) => [(byte)text.Length, .. text];
    }
}
