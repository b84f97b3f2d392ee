using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using RouteGuide.Balancer.Transport.OpenSsl;
using RouteGuide.Balancer.Transport.Tls;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Tls;

/// <summary>Connections that OpenSSL secures without SslStream in between, and what it must not let through.</summary>
public sealed class OpenSslTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    [Fact]
    public void It_is_used_where_it_is_there_and_clients_are_not_asked_for_certificates()
    {
        RequireLibrary();
        var source = new FrontCertificateSource(new CertificateFiles("test", TestCertificate.Path, TestCertificate.KeyPath, null).Load(TimeProvider.System), []);
        Assert.NotNull(new TlsFront([source], null).OpenSsl);
        Assert.Null(new TlsFront([source], new ClientCertificates(ClientCertificateMode.Passthrough, null, IgnoreExpiry: false)).OpenSsl);
    }

    [Theory]
    [InlineData("-tls1_2", "ECDHE-ECDSA-AES128-SHA256")] // RFC 9113 section 9.2.2, appendix A
    [InlineData("-tls1_1", "ALL:@SECLEVEL=0")]
    public async Task RFC9113_9_2_versions_and_ciphers_that_HTTP2_forbids_are_refused(string version, string ciphers)
    {
        RequireLibrary();
        await using var balancer = await BalancerUnderTest.Start();
        var output = OpenSsl.Run("s_client", "-connect", balancer.Tls.Authority, "-alpn", "h2", version, "-cipher", ciphers);
        Assert.DoesNotContain("ALPN protocol: h2", output, StringComparison.Ordinal);
        Assert.Contains("no peer certificate available", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Octets_pass_whole_however_they_are_cut(SslProtocols protocols)
    {
        var octets = new byte[300_000];
        new Random(9).NextBytes(octets);
        await using var target = await KestrelTarget.Start(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            await context.Response.Body.WriteAsync(body.ToArray());
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = new HttpMessageInvoker(new SocketsHttpHandler { SslOptions = { EnabledSslProtocols = protocols, RemoteCertificateValidationCallback = TestCertificate.Trust }, ConnectCallback = Dribbling });

        var request = balancer.Request(new ByteArrayContent(octets));
        using var response = await client.SendAsync(request, CancellationToken.None).WaitAsync(Eventually.Patience);
        Assert.Equal(octets, await response.Content.ReadAsByteArrayAsync().WaitAsync(Eventually.Patience));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0000\u0005hello")]
    [InlineData("\u0017\u0003\u0003\u0000\u0001x")]
    public async Task What_is_no_handshake_ends_the_connection_and_harms_nobody(string text)
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var other = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(balancer.Tls.Host, balancer.Tls.Port);
        await socket.SendAsync(System.Text.Encoding.Latin1.GetBytes(text));
        await using var stream = new NetworkStream(socket);
        await stream.CopyToAsync(Stream.Null).WaitAsync(Eventually.Patience);

        var call = await other.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
    }

    [Fact]
    public async Task A_record_that_was_tampered_with_ends_its_connection_alone()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var other = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(balancer.Tls.Host, balancer.Tls.Port);
        await using var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(TlsClient.Options("localhost"));
        await socket.SendAsync(new byte[] { 23, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 });
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            var buffer = new byte[1000];
            while (await stream.ReadAsync(buffer).AsTask().WaitAsync(Eventually.Patience) > 0)
            {
            }

            throw new IOException("closed");
        });

        var call = await other.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
    }

    // With TLS 1.3 the ticket comes after the handshake, and s_client, whose input has ended, does not wait for it.
    [Fact]
    public async Task A_client_that_comes_again_may_resume_its_session()
    {
        const string version = "-tls1_2";
        RequireLibrary();
        await using var balancer = await BalancerUnderTest.Start();
        var file = Path.Combine(Path.GetTempPath(), $"session-{Guid.NewGuid():N}.pem");
        try
        {
            var first = OpenSsl.Run("s_client", "-connect", balancer.Tls.Authority, "-alpn", "h2", version, "-sess_out", file);
            Assert.Contains("New, TLSv1", first, StringComparison.Ordinal);
            var second = OpenSsl.Run("s_client", "-connect", balancer.Tls.Authority, "-alpn", "h2", version, "-sess_in", file);
            Assert.Contains("Reused, TLSv1", second, StringComparison.Ordinal);
            Assert.Contains("ALPN protocol: h2", second, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    public void Dispose() => _authority.Dispose();

    private static void RequireLibrary() => Assert.SkipUnless(Native.IsAvailable, "libssl.so.3 is not on this machine");

    // Ciphertext in pieces of odd sizes, so that records are cut everywhere.
    private static async ValueTask<Stream> Dribbling(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(context.DnsEndPoint, cancellation);
        return new CutStream(new NetworkStream(socket, ownsSocket: true));
    }

    private sealed class CutStream(Stream inner) : Stream
    {
        private readonly Random _random = new(4711);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (!buffer.IsEmpty)
            {
                var count = Math.Min(buffer.Length, _random.Next(2) == 0 ? _random.Next(1, 8) : _random.Next(1, 6000));
                await inner.WriteAsync(buffer[..count], cancellationToken);
                buffer = buffer[count..];
            }
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
