using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Tls;

/// <summary>Targets that are reached over TLS.</summary>
public sealed class TargetTlsTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new("Somebody else");

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Calls_reach_a_target_whose_certificate_is_in_order(SslProtocols protocols)
    {
        await using var target = Start(_authority.Server("localhost"), options => options.EnabledSslProtocols = protocols);
        await using var balancer = await Balance(target.Url, $"Balancer:TargetTls:TrustStorePath={_authority.RootFile}");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        // Often, as what repeats takes a shorter way.
        for (var i = 0; i < 6; i++)
        {
            var call = await client.OpenAsync(Wire.Request(balancer.Tls));
            await call.SendMessageAsync(new byte[50_000], end: true);
            await call.Ended();
            Assert.Equal("0", call.GrpcStatus);
        }

        Assert.All(target.Connections.SelectMany(c => c.Streams), s => Assert.Equal("https", s.Header(":scheme")));
        Assert.Single(target.Connections);
    }

    [Fact]
    public async Task A_target_of_another_authority_gets_no_call_and_the_caller_hears_why() =>
        await IsRefused(_stranger.Server("localhost"), "no authority of the trust store has issued it");

    [Fact]
    public async Task Nor_does_one_whose_certificate_is_for_another_host() => await IsRefused(_authority.Server("elsewhere.example"), "it is not for 'localhost'");

    [Fact]
    public async Task Nor_one_whose_certificate_has_expired() =>
        await IsRefused(_authority.Issue(new X500DistinguishedName("CN=localhost"), "1.3.6.1.5.5.7.3.1", ["localhost"], DateTimeOffset.UtcNow.AddMinutes(-5)), "it has expired");

    [Fact]
    public async Task Nor_one_whose_certificate_is_meant_for_clients() =>
        await IsRefused(_authority.Issue(new X500DistinguishedName("CN=localhost"), "1.3.6.1.5.5.7.3.2", ["localhost"]), "it is not meant for this use");

    [Fact]
    public async Task Nor_one_that_names_its_host_as_the_common_name_alone() =>
        await IsRefused(_authority.Issue(new X500DistinguishedName("CN=localhost"), "1.3.6.1.5.5.7.3.1", []), "it is not for 'localhost'");

    [Fact]
    public async Task Without_a_trust_store_the_systems_own_is_asked()
    {
        await using var target = Start(_authority.Server("localhost"));
        await using var balancer = await Balance(target.Url);

        Assert.Contains("no authority of the trust store has issued it", (await Call(balancer)).GrpcMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_certificate_will_do_where_the_operator_says_so()
    {
        await using var target = Start(_stranger.Issue(new X500DistinguishedName("CN=whatever"), "1.3.6.1.5.5.7.3.1", [], DateTimeOffset.UtcNow.AddMinutes(-5)));
        await using var balancer = await Balance(target.Url, "Balancer:TargetTls:Verify=false");

        Assert.Equal("0", (await Call(balancer)).GrpcStatus);
    }

    [Fact]
    public async Task A_target_may_have_to_prove_another_name_than_that_of_its_address()
    {
        string? asked = null;
        using var certificate = _authority.Server("targets.example").Load();
        await using var target = Start(_authority.Server("targets.example"), options =>
        {
            // One or the other.
            options.ServerCertificate = null;
            options.ServerCertificateSelectionCallback = (_, name) =>
            {
                asked = name;
                return certificate;
            };
        });
        await using var balancer = await Balance(target.Url, $"Balancer:TargetTls:TrustStorePath={_authority.RootFile}", "Balancer:TargetTls:ServerName=targets.example");

        Assert.Equal("0", (await Call(balancer)).GrpcStatus);
        Assert.Equal("targets.example", asked);
    }

    [Fact]
    public async Task A_target_that_does_not_choose_HTTP2_is_told_from_others()
    {
        await using var target = Start(_authority.Server("localhost"), options => options.ApplicationProtocols = null);
        await using var balancer = await Balance(target.Url, $"Balancer:TargetTls:TrustStorePath={_authority.RootFile}");

        Assert.Contains("ALPN h2", (await Call(balancer)).GrpcMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_balancer_shows_its_own_certificate_to_targets_that_ask()
    {
        var shown = "";
        await using var target = Start(_authority.Server("localhost"), options =>
        {
            options.ClientCertificateRequired = true;
            options.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                shown = certificate?.Subject;
                return certificate is not null;
            };
        });
        var own = _authority.Client("CN=balancer");
        await using var balancer = await Balance(
            target.Url, $"Balancer:TargetTls:TrustStorePath={_authority.RootFile}", $"Balancer:TargetTls:Certificate:Path={own.Path}", $"Balancer:TargetTls:Certificate:KeyPath={own.KeyPath}");

        Assert.Equal("0", (await Call(balancer)).GrpcStatus);
        Assert.Equal("CN=balancer", shown);
    }

    [Fact]
    public async Task A_target_that_is_not_trusted_costs_no_call_as_long_as_there_is_another()
    {
        await using var stranger = Start(_stranger.Server("localhost"));
        await using var plain = RawTarget.Start((_, stream) => RawTarget.Answer(stream));
        await using var balancer = await BalancerUnderTest.StartWith(
            [], $"Balancer:Targets:0=https://localhost:{stranger.Url.Port}", $"Balancer:Targets:1={plain.Url.ToString().TrimEnd('/')}", $"Balancer:TargetTls:TrustStorePath={_authority.RootFile}");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var calls = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
            await call.Ended();
            return call.GrpcStatus;
        }));

        Assert.All(calls, status => Assert.Equal("0", status));
        Assert.All(plain.Connections.SelectMany(c => c.Streams), s => Assert.Equal("http", s.Header(":scheme")));
        await Eventually.Until(() => balancer.Targets.Current.Entries[0].Suspect, "it is avoided");
    }

    [Fact]
    public async Task A_changed_trust_store_lets_a_target_in()
    {
        var trust = _authority.Write("trust.pem", _stranger.Pem);
        await using var target = Start(_authority.Server("localhost"));
        await using var balancer = await Balance(target.Url, $"Balancer:TargetTls:TrustStorePath={trust}", "Balancer:CertificateReloadInterval=0.02");
        await Eventually.Until(() => balancer.Targets.Current.Entries[0].Suspect, "it is refused");

        _authority.Write("trust.pem", _authority.Pem);

        await Eventually.Until(() => !balancer.Targets.Current.Entries[0].Suspect, "it is let in");
        Assert.Equal("0", (await Call(balancer)).GrpcStatus);
    }

    [Fact]
    public async Task A_handshake_that_does_not_end_is_given_up_in_time()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var balancer = await Balance(new Uri($"http://{listener.LocalEndpoint}"), "Balancer:ConnectTimeout=0.2");

        Assert.Contains("no TLS handshake in time", (await Call(balancer)).GrpcMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_that_speaks_no_TLS_is_told_clearly()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _ = Task.Run(async () =>
        {
            while (true)
            {
                using var socket = await listener.AcceptSocketAsync();
                await socket.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
                var rest = new byte[10_000];
                while (await socket.ReceiveAsync(rest) > 0)
                {
                }
            }
        });
        await using var balancer = await Balance(new Uri($"http://{listener.LocalEndpoint}"));

        var call = await Call(balancer);

        Assert.Equal("14", call.GrpcStatus);
        Assert.Contains("TLS: ", call.GrpcMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_of_grpcio_is_reached_over_TLS()
    {
        const string Script = """
            import sys, time, grpc
            from concurrent import futures
            class Any(grpc.GenericRpcHandler):
                def service(self, details):
                    return grpc.unary_unary_rpc_method_handler(lambda request, context: b'')
            read = lambda p: open(p, 'rb').read()
            server = grpc.server(futures.ThreadPoolExecutor(4))
            server.add_generic_rpc_handlers((Any(),))
            port = server.add_secure_port('localhost:0', grpc.ssl_server_credentials([(read(sys.argv[2]), read(sys.argv[1]))]))
            server.start()
            print(port, flush=True)
            server.wait_for_termination()
            """;
        var issued = _authority.Server("localhost");
        await using var server = RunningProcess.Start(Python.WithGrpc(), ["-c", Script, issued.Path, issued.KeyPath]);
        var port = await server.WaitForOutput(_ => true, "its port");
        await using var balancer = await Balance(new Uri($"http://localhost:{port}"), $"Balancer:TargetTls:TrustStorePath={_authority.RootFile}");

        for (var i = 0; i < 5; i++) Assert.Equal("0", (await Call(balancer)).GrpcStatus);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
    }

    private static RawTarget Start(Issued issued, Action<SslServerAuthenticationOptions>? configure = null) => RawTarget.Start(
        async (_, stream) =>
        {
            await stream.Ended();
            await RawTarget.Answer(stream);
        },
        secure: async transport =>
        {
            var options = new SslServerAuthenticationOptions { ServerCertificate = issued.Load(), ApplicationProtocols = [SslApplicationProtocol.Http2] };
            configure?.Invoke(options);
            var secure = new SslStream(transport);
            await secure.AuthenticateAsServerAsync(options);
            return secure;
        });

    private static Task<BalancerUnderTest> Balance(Uri target, params string[] settings) =>
        BalancerUnderTest.StartWith([], [$"Balancer:Targets:0=https://localhost:{target.Port}", "Balancer:Loops=1", .. settings]);

    private static async Task<RawHttp2Stream> Call(BalancerUnderTest balancer)
    {
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var call = await client.OpenAsync(Wire.Request(balancer.Tls));
        await call.SendMessageAsync([], end: true);
        await call.Ended();
        return call;
    }

    private async Task IsRefused(Issued issued, string reason)
    {
        await using var target = Start(issued);
        await using var balancer = await Balance(target.Url, $"Balancer:TargetTls:TrustStorePath={_authority.RootFile}");

        var call = await Call(balancer);

        Assert.Equal("14", call.GrpcStatus);
        Assert.Contains(reason, call.GrpcMessage, StringComparison.Ordinal);
        Assert.DoesNotContain(target.Connections, c => c.Streams.Count > 0);
    }
}
