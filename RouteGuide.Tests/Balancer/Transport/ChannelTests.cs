using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using RouteGuide.Balancer.Transport;
using RouteGuide.Balancer.Transport.OpenSsl;
using RouteGuide.Balancer.Transport.Tls;
using RouteGuide.Http2.Transport;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Transport;

/// <summary>Octets in and out of real sockets, on both ways of learning that a socket is ready, in plaintext and over TLS.</summary>
public sealed class ChannelTests
{
    public static TheoryData<bool, bool> Ways => new() { { true, false }, { true, true }, { false, false }, { false, true } };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Large_octets_come_back_whole(bool portable, bool tls)
    {
        await using var server = new EchoServer(portable, tls);
        await using var stream = await server.Connect();
        var sent = new byte[20_000_000];
        new Random(1).NextBytes(sent);

        var writing = stream.WriteAsync(sent).AsTask();
        var received = new byte[sent.Length];
        await stream.ReadExactlyAsync(received).AsTask().WaitAsync(Eventually.Patience);
        await writing;

        Assert.True(sent.AsSpan().SequenceEqual(received));
        Assert.Empty(server.Errors);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_peer_that_does_not_read_stops_being_read(bool portable, bool tls)
    {
        await using var server = new EchoServer(portable, tls);
        await using var stream = await server.Connect();
        var piece = new byte[256 * 1024];
        var written = 0L;
        var writing = Task.Run(async () =>
        {
            // More than both kernels buffer; it ends when the connection does.
            while (written < 512L * 1024 * 1024)
            {
                await stream.WriteAsync(piece);
                written += piece.Length;
            }
        });
        await Eventually.Until(() => server.Echoes.Any(e => e.IsPaused), "reading stops");

        await using var other = await server.Connect();
        await other.WriteAsync("still here"u8.ToArray());
        var answer = new byte[10];
        await other.ReadExactlyAsync(answer).AsTask().WaitAsync(Eventually.Patience);

        Assert.Equal("still here"u8, answer);
        Assert.True(server.Echoes.First(e => e.IsPaused).Waiting <= EchoServer.Cap + EventLoop.ReadSize, "what waits is bounded");
        await stream.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => writing);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_connection_that_is_over_goes_though_its_peer_reads_nothing(bool portable, bool tls)
    {
        await using var server = new EchoServer(portable, tls);
        await using var stream = await server.Connect();
        var writing = WriteWithoutReading(stream);
        await Eventually.Until(() => server.Echoes.TryPeek(out var e) && e.Channel.IsSending, "it cannot send any more");
        server.Echoes.TryPeek(out var echo);
        echo!.Channel.Loop.Post(echo.Channel.Close);

        await Assert.ThrowsAnyAsync<IOException>(() => writing.WaitAsync(Eventually.Patience));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task The_end_of_a_peer_is_reported_once(bool portable, bool tls)
    {
        await using var server = new EchoServer(portable, tls);
        var stream = await server.Connect();
        await stream.WriteAsync(new byte[10]);
        await stream.ReadExactlyAsync(new byte[10]);

        await stream.DisposeAsync();

        await Eventually.Until(() => server.Echoes.All(e => e.Ends == 1), "the end is seen");
        Assert.Empty(server.Errors);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_was_sent_before_Close_arrives_although_the_peer_has_sent_more(bool portable, bool tls)
    {
        await using var server = new EchoServer(portable, tls) { ClosesAfterFirst = true };
        await using var stream = await server.Connect();

        await stream.WriteAsync(new byte[200_000]);
        using var all = new MemoryStream();
        await stream.CopyToAsync(all).WaitAsync(Eventually.Patience);

        Assert.InRange(all.Length, 1, 200_000);
    }

    [Fact]
    public async Task A_client_that_speaks_no_TLS_ends_its_own_connection_alone()
    {
        await using var server = new EchoServer(portable: false, tls: true);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Address);
        await socket.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        var buffer = new byte[1000];
        while (await socket.ReceiveAsync(buffer).WaitAsync(Eventually.Patience) > 0)
        {
        }

        await using var stream = await server.Connect();
        await stream.WriteAsync(new byte[10]);
        await stream.ReadExactlyAsync(new byte[10]).AsTask().WaitAsync(Eventually.Patience);

        Assert.Equal(1, server.Failures);
        Assert.Empty(server.Errors);
    }

    private sealed class OpenGate : IConnectionGate
    {
        public bool TryEnter(IPAddress from) => true;

        public void Leave(IPAddress from)
        {
            // Nothing is counted.
        }
    }

    /// <summary>Sends back what comes, and reads no more than it can send.</summary>
    private static async Task WriteWithoutReading(Stream stream)
    {
        var octets = new byte[64 * 1024];
        while (true) await stream.WriteAsync(octets);
    }

    private sealed class EchoServer : IAsyncDisposable
    {
        public const int Cap = 128 * 1024;

        private readonly LoopGroup _loops;
        private readonly SocketListener _listener;
        private readonly bool _portable;
        private readonly bool _tls;
        private readonly TlsFront _front = new([new FrontCertificateSource(new CertificateFiles("test", TestCertificate.Path, TestCertificate.KeyPath, null).Load(TimeProvider.System), [])], null);
        private int _failures;

        public EchoServer(bool portable, bool tls)
        {
            _portable = portable;
            _tls = tls;
            _loops = new LoopGroup("test loop", 2, portable, TimeProvider.System, Errors.Enqueue);
            _loops.Start();
            _listener = new SocketListener(new IPEndPoint(IPAddress.Loopback, 0), TimeProvider.System);
            _listener.Start(_loops, new OpenGate(), OnAccepted, Errors.Enqueue);
        }

        public bool ClosesAfterFirst { get; init; }

        public IPEndPoint Address => _listener.Address;

        public ConcurrentQueue<Echo> Echoes { get; } = [];

        public ConcurrentQueue<Exception> Errors { get; } = [];

        public int Failures => Volatile.Read(ref _failures);

        public async Task<Stream> Connect()
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(Address);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (!_tls) return stream;
            var secure = new SslStream(stream, leaveInnerStreamOpen: false, TestCertificate.Trust);
            await secure.AuthenticateAsClientAsync("localhost");
            return secure;
        }

        public async ValueTask DisposeAsync()
        {
            await _listener.DisposeAsync();
            foreach (var echo in Echoes) echo.Channel.Loop.Post(echo.Channel.Abort);
            await _loops.Stop();
        }

        private void OnAccepted(SocketChannel channel)
        {
            if (!_tls)
            {
                Begin(channel);
                return;
            }

            // As the engine chooses, so that both are tried.
            if (!_portable && _front.OpenSsl is { } choice) OpenSslChannel.Secure(channel, choice, 10_000, Begin, _ => Interlocked.Increment(ref _failures));
            else TlsChannel.Secure(channel, _front.Begin(), 10_000, Begin, _ => Interlocked.Increment(ref _failures));
        }

        private void Begin(IChannel channel)
        {
            var echo = new Echo(channel, ClosesAfterFirst);
            Echoes.Enqueue(echo);
            channel.Start(echo);
        }
    }

    private sealed class Echo(IChannel channel, bool closesAfterFirst) : IChannelHandler
    {
        private readonly List<byte[]> _waiting = [];
        private volatile bool _paused;
        private int _length;
        private int _ends;
        private bool _closed;

        public IChannel Channel { get; } = channel;

        public bool IsPaused => _paused;

        public int Waiting => Volatile.Read(ref _length);

        public int Ends => Volatile.Read(ref _ends);

        public void OnReceived(ReadOnlySpan<byte> octets)
        {
            Assert.True(Channel.Loop.IsCurrent);
            Assert.False(_closed, "nothing is reported after the end");
            _waiting.Add(octets.ToArray());
            Volatile.Write(ref _length, _length + octets.Length);
            Send();
            if (closesAfterFirst)
            {
                _closed = true;
                Channel.Close();
            }
            else if (_length > EchoServer.Cap)
            {
                _paused = true;
                Channel.PauseReading();
            }
        }

        public void OnSent()
        {
            Send();
            if (!_paused || _length > 0) return;
            _paused = false;
            Channel.ResumeReading();
        }

        public void OnEnded(string? reason) => Interlocked.Increment(ref _ends);

        private void Send()
        {
            while (!Channel.IsSending && _waiting.Count > 0)
            {
                var all = _waiting.SelectMany(w => w).ToArray();
                _waiting.Clear();
                Volatile.Write(ref _length, 0);
                if (!Channel.TrySend(all)) return;
            }
        }
    }
}
