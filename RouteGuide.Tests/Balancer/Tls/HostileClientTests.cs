using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using RouteGuide.Balancer.Transport;
using RouteGuide.Balancer.Transport.Tls;
using RouteGuide.Http2.Transport;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Tls;

/// <summary>Clients that abuse the handshake harm nobody but themselves.</summary>
public sealed class HostileClientTests
{
    public static TheoryData<string> Openings => new("garbage", "a record of 64 KiB", "a ClientHello of 16 MiB", "alerts", "an empty record", "plaintext HTTP/2");

    [Theory]
    [MemberData(nameof(Openings))]
    public async Task What_is_no_handshake_ends_its_own_connection_alone(string opening)
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "Balancer:Limits:HandshakeTimeout=2");
        await using var canary = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, balancer.Tls.Port);

        // It goes on until it is thrown out.
        var sent = await SendUntilClosed(socket, opening);
        var call = await canary.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
        // Most of it lies in the kernel's buffers; what was never taken cannot be held.
        Assert.True(sent < 24 * 1024 * 1024, $"{sent} octets were taken");
    }

    [Fact]
    public async Task A_handshake_that_does_not_go_on_ends_in_time_and_keeps_nobody_waiting()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "Balancer:Limits:HandshakeTimeout=1", "Balancer:Loops=1");
        var sockets = new List<Socket>();
        for (var i = 0; i < 50; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, balancer.Tls.Port);
            // The beginning of a record of 512 octets, of which no more comes.
            await socket.SendAsync(new byte[] { 22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3 });
            sockets.Add(socket);
        }

        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
        foreach (var socket in sockets)
        {
            Assert.Equal(0, await ReceiveOrEnd(socket).WaitAsync(Eventually.Patience));
            socket.Dispose();
        }
    }

    [Fact]
    public async Task Certificates_that_were_replaced_are_let_go()
    {
        using var authority = new TestAuthority();
        var issued = authority.Server("localhost");
        var files = new CertificateFiles("test", authority.Write("tls.crt", issued.Pem), authority.Write("tls.key", issued.KeyPem), null).Load(TimeProvider.System);
        var front = new TlsFront([new FrontCertificateSource(files, [])], null);
        var loops = new LoopGroup("test loop", 1, portable: false, TimeProvider.System, _ => { });
        loops.Start();
        var listener = new SocketListener(new IPEndPoint(IPAddress.Loopback, 0), TimeProvider.System);
        listener.Start(loops, NoGate.Instance, channel => TlsChannel.Secure(channel, front.Begin(), 10_000, secured => secured.Start(new Quiet(secured)), _ => { }), _ => { });
        var url = new Uri($"https://{listener.Address}");

        var old = new List<WeakReference>();
        for (var i = 0; i < 10; i++) old.Add(await Replace(authority, files, front, url));

        await Eventually.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return old.TrueForAll(o => !o.IsAlive);
            },
            "nothing holds the old certificates");
        await listener.DisposeAsync();
        await loops.Stop();
    }

    // In a method of its own, so that no register holds what it looks at.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> Replace(TestAuthority authority, ReloadedFiles<LoadedCertificate> files, TlsFront front, Uri url)
    {
        var before = new WeakReference(files.Current);
        Assert.Equal("CN=localhost", await TlsClient.Seen(url, null));
        var issued = authority.Server("localhost");
        authority.Write("tls.crt", issued.Pem);
        authority.Write("tls.key", issued.KeyPem);
        await Eventually.Until(() => files.Poll().Changed, "it is reloaded");
        front.Refresh();
        Assert.Equal("CN=localhost", await TlsClient.Seen(url, null));
        return before;
    }

    private static async Task<long> SendUntilClosed(Socket socket, string opening)
    {
        byte[] first = opening switch
        {
            "garbage" => [.. Enumerable.Range(0, 1000).Select(i => (byte)(i * 37 + 200))],
            "a record of 64 KiB" => [22, 3, 1, 0xff, 0xff, 1, 0, 0xff, 0xfb],
            "a ClientHello of 16 MiB" => [22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff, 3, 3],
            "alerts" => [21, 3, 3, 0, 2, 1, 0],
            "an empty record" => [22, 3, 3, 0, 0],
            _ => [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8],
        };
        var more = opening switch
        {
            // As many as make 64 KiB: all that is sent together must not fit into the kernel's buffers, or nobody need have thrown it out.
            "alerts" or "an empty record" => Enumerable.Repeat(first, 64 * 1024 / first.Length).SelectMany(f => f).ToArray(),
            // Records like the first, and their content.
            "a ClientHello of 16 MiB" => [.. new byte[0x4000 - 6], .. Enumerable.Repeat<byte[]>([22, 3, 1, 0x40, 0, .. new byte[0x4000]], 10).SelectMany(f => f)],
            _ => new byte[64 * 1024],
        };
        var sent = 0L;
        try
        {
            sent += await socket.SendAsync(first);
            for (var i = 0; i < 1000; i++) sent += await socket.SendAsync(more).WaitAsync(Eventually.Patience);
        }
        catch (SocketException)
        {
            return sent;
        }

        Assert.Fail($"{sent} octets were taken");
        return sent;
    }

    private static async Task<int> ReceiveOrEnd(Socket socket)
    {
        var buffer = new byte[1000];
        var count = 0;
        try
        {
            while ((count = await socket.ReceiveAsync(buffer)) > 0)
            {
                // An alert may come first.
            }
        }
        catch (SocketException)
        {
            return 0;
        }

        return count;
    }

    private sealed class Quiet(IChannel channel) : IChannelHandler
    {
        public void OnReceived(ReadOnlySpan<byte> octets) => channel.Abort();

        public void OnSent()
        {
            // Nothing is sent.
        }

        public void OnEnded(string? reason)
        {
            // The client is done.
        }
    }

    private sealed class NoGate : IConnectionGate
    {
        public static readonly NoGate Instance = new();

        public bool TryEnter(IPAddress from) => true;

        public void Leave(IPAddress from)
        {
            // Nobody is counted.
        }
    }
}
