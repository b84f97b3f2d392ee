using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.Http2.Transport.Tls;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Tls;

/// <summary>Clients that show certificates: who is let in, and what targets hear of it.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";
    private const string ChainField = "x-amzn-mtls-clientcert";

    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new("Somebody else");

    public static TheoryData<SslProtocols> Versions => new(SslProtocols.Tls12, SslProtocols.Tls13);

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_client_that_the_trust_store_vouches_for_is_let_in_and_described_to_the_target(SslProtocols protocols)
    {
        await using var setup = await Setup.Start("Balancer:ClientCertificates:Mode=verify", $"Balancer:ClientCertificates:TrustStorePath={_authority.RootFile}");
        var issued = _authority.Client();
        using var certificate = issued.Load();

        var seen = await setup.Call(TlsClient.Options("localhost", protocols, certificate));

        Assert.Equal("CN=client,OU=test,O=RouteGuide", seen["x-amzn-mtls-clientcert-subject"]);
        Assert.Equal("CN=Test authority", seen["x-amzn-mtls-clientcert-issuer"]);
        Assert.Equal(issued.Pem, Uri.UnescapeDataString(seen["x-amzn-mtls-clientcert-leaf"]));
        Assert.Equal(OpenSsl.Run("x509", "-in", issued.Path, "-noout", "-serial").Trim(), $"serial={seen["x-amzn-mtls-clientcert-serial-number"]}");
        Assert.Equal($"NotBefore={certificate.NotBefore.ToUniversalTime():yyyy-MM-ddTHH:mm:ssZ};NotAfter={certificate.NotAfter.ToUniversalTime():yyyy-MM-ddTHH:mm:ssZ}", seen["x-amzn-mtls-clientcert-validity"]);
        Assert.DoesNotContain(ChainField, seen.Keys);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_client_without_a_certificate_is_not_let_in(SslProtocols protocols) => await IsRefused(null, protocols);

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_client_of_another_authority_is_not_let_in(SslProtocols protocols) => await IsRefused(_stranger.Client(), protocols);

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_client_whose_certificate_has_expired_is_not_let_in(SslProtocols protocols) => await IsRefused(_authority.Client(until: DateTimeOffset.UtcNow.AddMinutes(-5)), protocols);

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_certificate_that_is_meant_for_servers_lets_no_client_in(SslProtocols protocols) => await IsRefused(_authority.ClientForOtherUse(), protocols);

    [Fact]
    public async Task A_client_may_show_what_leads_to_the_trust_store()
    {
        await using var setup = await Setup.Start("Balancer:ClientCertificates:Mode=verify", $"Balancer:ClientCertificates:TrustStorePath={_authority.RootFile}");
        using var intermediate = new TestAuthority("In between", _authority);
        using var certificate = intermediate.Client().Load();

        Assert.True(await setup.IsLetIn(TlsClient.Options("localhost", certificate: certificate, others: intermediate.Certificate)));
        Assert.False(await setup.IsLetIn(TlsClient.Options("localhost", certificate: certificate)));
    }

    [Fact]
    public async Task An_expired_certificate_will_do_where_the_operator_says_so()
    {
        await using var setup = await Setup.Start("Balancer:ClientCertificates:Mode=verify", $"Balancer:ClientCertificates:TrustStorePath={_authority.RootFile}", "Balancer:ClientCertificates:IgnoreExpiry=true");
        using var expired = _authority.Client(until: DateTimeOffset.UtcNow.AddMinutes(-5)).Load();
        using var stranger = _stranger.Client(until: DateTimeOffset.UtcNow.AddMinutes(-5)).Load();

        Assert.Contains("x-amzn-mtls-clientcert-leaf", (await setup.Call(TlsClient.Options("localhost", certificate: expired))).Keys);
        await Assert.ThrowsAnyAsync<Exception>(() => setup.Call(TlsClient.Options("localhost", certificate: stranger)));
    }

    [Fact]
    public async Task A_changed_trust_store_is_what_new_clients_are_judged_by()
    {
        var trust = _authority.Write("trust.pem", _authority.Pem);
        await using var setup = await Setup.Start("Balancer:ClientCertificates:Mode=verify", $"Balancer:ClientCertificates:TrustStorePath={trust}", "Balancer:CertificateReloadInterval=0.02");
        using var stranger = _stranger.Client().Load();
        using var own = _authority.Client().Load();
        await using var before = await RawHttp2Connection.ConnectAsync(setup.Url, tls: TlsClient.Options("localhost", certificate: own));
        await Assert.ThrowsAnyAsync<Exception>(() => setup.Call(TlsClient.Options("localhost", certificate: stranger)));

        _authority.Write("trust.pem", _stranger.Pem);

        await Eventually.Until(() => setup.IsLetIn(TlsClient.Options("localhost", certificate: stranger)), "the other authority is trusted");
        Assert.False(await setup.IsLetIn(TlsClient.Options("localhost", certificate: own)));
        // Who is in stays in.
        var call = await before.OpenAsync(Wire.Request(setup.Url), end: true);
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Passthrough_tells_the_target_all_that_was_shown_and_judges_nothing(SslProtocols protocols)
    {
        await using var setup = await Setup.Start("Balancer:ClientCertificates:Mode=passthrough");
        using var intermediate = new TestAuthority("In between", _stranger);
        var issued = intermediate.Client(until: DateTimeOffset.UtcNow.AddMinutes(-5));
        using var certificate = issued.Load();

        var alone = await setup.Call(TlsClient.Options("localhost", protocols, certificate));
        var withIssuer = await setup.Call(TlsClient.Options("localhost", protocols, certificate, intermediate.Certificate));
        var without = await setup.Call(TlsClient.Options("localhost", protocols));

        Assert.Equal(issued.Pem, Uri.UnescapeDataString(alone[ChainField]));
        Assert.StartsWith("-----BEGIN%20CERTIFICATE-----%0AMI", alone[ChainField], StringComparison.Ordinal);
        Assert.Equal(issued.Pem + intermediate.Pem, Uri.UnescapeDataString(withIssuer[ChainField]));
        Assert.DoesNotContain(without.Keys, k => k.StartsWith(ClientCertificateField.Prefix, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Certificates_that_fit_no_header_field_are_refused_in_the_handshake()
    {
        await using var setup = await Setup.Start("Balancer:ClientCertificates:Mode=passthrough");
        using var large = _authority.Issue(new X500DistinguishedName("CN=large"), ClientUsage, [], padding: 20_000).Load();
        using var fitting = _authority.Issue(new X500DistinguishedName("CN=fitting"), ClientUsage, [], padding: 5_000).Load();

        await Assert.ThrowsAnyAsync<Exception>(() => setup.Call(TlsClient.Options("localhost", certificate: large)));

        Assert.Contains(ChainField, (await setup.Call(TlsClient.Options("localhost", certificate: fitting))).Keys);
    }

    [Theory]
    [InlineData("off")]
    [InlineData("passthrough")]
    public async Task What_a_client_says_of_its_own_certificate_never_reaches_a_target(string mode)
    {
        await using var setup = await Setup.Start($"Balancer:ClientCertificates:Mode={mode}");

        var seen = await setup.Call(
            TlsClient.Options("localhost"),
            (ChainField, "forged"), ("x-amzn-mtls-clientcert-subject", "CN=admin"), ("x-amzn-mtls-clientcert-leaf", "forged"), ("x_amzn_mtls_clientcert_subject", "CN=admin"), ("x-amzn-trace-id", "kept"));

        Assert.DoesNotContain(seen.Keys, k => k.Contains("mtls", StringComparison.Ordinal));
        Assert.Equal("kept", seen["x-amzn-trace-id"]);
    }

    [Fact]
    public async Task Nor_does_it_in_trailers()
    {
        RawHttp2Stream? received = null;
        await using var target = RawTarget.Start(async (_, stream) =>
        {
            received = stream;
            await stream.Ended();
            await RawTarget.Answer(stream);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync(Wire.Request(balancer.Tls));
        await call.SendHeadersAsync([("x-amzn-mtls-clientcert-subject", "CN=admin"), ("x-kept", "1")], end: true);
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal([("x-kept", "1")], received!.Trailers);
    }

    [Fact]
    public async Task Grpcio_with_a_certificate_is_let_in_and_without_is_not()
    {
        var python = Python.WithGrpc();
        await using var setup = await Setup.Start("Balancer:ClientCertificates:Mode=verify", $"Balancer:ClientCertificates:TrustStorePath={_authority.RootFile}");
        var client = _authority.Client();
        const string Script = """
            import sys, grpc
            port, ca, cert, key = sys.argv[1:5]
            read = lambda p: open(p, 'rb').read() if p else None
            channel = grpc.secure_channel('localhost:' + port, grpc.ssl_channel_credentials(read(ca), read(key), read(cert)))
            call = channel.unary_unary('/test.Service/Call')
            for _ in range(3):
                try:
                    call(b'', timeout=20)
                    print('OK')
                except grpc.RpcError as e:
                    print(e.code().name)
            """;
        var ca = TestCertificate.CaPath;

        await using var with = RunningProcess.Start(python, ["-c", Script, $"{setup.Url.Port}", ca, client.Path, client.KeyPath]);
        Assert.Equal(0, await with.WaitForExit());
        await using var without = RunningProcess.Start(python, ["-c", Script, $"{setup.Url.Port}", ca, "", ""]);
        Assert.Equal(0, await without.WaitForExit());

        Assert.Equal(["OK", "OK", "OK"], with.Output);
        Assert.All(without.Output, line => Assert.Equal("UNAVAILABLE", line));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
    }

    private async Task IsRefused(Issued? issued, SslProtocols protocols)
    {
        await using var setup = await Setup.Start("Balancer:ClientCertificates:Mode=verify", $"Balancer:ClientCertificates:TrustStorePath={_authority.RootFile}");
        using var certificate = issued?.Load();
        using var good = _authority.Client().Load();

        Assert.False(await setup.IsLetIn(TlsClient.Options("localhost", protocols, certificate)));

        Assert.Equal(0, setup.Calls);
        Assert.True(await setup.IsLetIn(TlsClient.Options("localhost", protocols, good)));
    }

    /// <summary>A balancer in front of a target that keeps the headers of the last request.</summary>
    private sealed class Setup : IAsyncDisposable
    {
        private readonly KestrelTarget _target;
        private readonly BalancerUnderTest _balancer;
        private readonly Func<Dictionary<string, string>> _last;

        private Setup(KestrelTarget target, BalancerUnderTest balancer, Func<Dictionary<string, string>> last)
        {
            _target = target;
            _balancer = balancer;
            _last = last;
        }

        public Uri Url => _balancer.Tls;

        public int Calls => _target.Calls;

        public static async Task<Setup> Start(params string[] settings)
        {
            Dictionary<string, string> last = [];
            var target = await KestrelTarget.Start(context =>
            {
                last = context.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString());
                return KestrelTarget.Answer(context);
            });
            return new Setup(target, await BalancerUnderTest.StartWith([target.Url], settings), () => last);
        }

        /// <summary>One call, and the headers that the target saw.</summary>
        public async Task<Dictionary<string, string>> Call(SslClientAuthenticationOptions tls, params (string Name, string Value)[] fields)
        {
            await using var client = await RawHttp2Connection.ConnectAsync(Url, tls: tls);
            var call = await client.OpenAsync(Wire.Request(Url, fields: fields), end: true);
            await call.Ended();
            Assert.Equal("0", call.GrpcStatus);
            return _last();
        }

        public async Task<bool> IsLetIn(SslClientAuthenticationOptions tls)
        {
            try
            {
                await Call(tls);
                return true;
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
                return false;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _balancer.DisposeAsync();
            await _target.DisposeAsync();
        }
    }
}
