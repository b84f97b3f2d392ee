using System.Net.Security;
using System.Security.Authentication;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Tls;

/// <summary>The certificate that a client sees depends on the name that it asks for.</summary>
public sealed class SniTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    [Theory]
    [InlineData("auto", SslProtocols.Tls12)]
    [InlineData("auto", SslProtocols.Tls13)]
    [InlineData("portable", SslProtocols.Tls12)]
    [InlineData("portable", SslProtocols.Tls13)]
    public async Task Each_name_has_its_certificate_and_others_have_the_default(string transport, SslProtocols protocols)
    {
        await using var balancer = await Start(transport);

        Assert.Equal("CN=api.example.com", await TlsClient.Seen(balancer.Tls, "api.example.com", protocols));
        Assert.Equal("CN=*.example.com", await TlsClient.Seen(balancer.Tls, "other.example.com", protocols));
        Assert.Equal("CN=localhost", await TlsClient.Seen(balancer.Tls, "a.b.example.com", protocols));
        Assert.Equal("CN=localhost", await TlsClient.Seen(balancer.Tls, "elsewhere.example", protocols));
        Assert.Equal("CN=localhost", await TlsClient.Seen(balancer.Tls, null, protocols));
        // By the operator's word alone.
        Assert.Equal("CN=*.example.com", await TlsClient.Seen(balancer.Tls, "shop.example.org", protocols));
        Assert.Equal("CN=xn--bcher-kva.example", await TlsClient.Seen(balancer.Tls, "bücher.example", protocols));
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("portable")]
    public async Task OpenSSL_sees_them_too_and_is_offered_h2_and_http_1_1(string transport)
    {
        await using var balancer = await Start(transport);

        var h2 = OpenSsl.Run("s_client", "-connect", balancer.Tls.Authority, "-servername", "api.example.com", "-alpn", "h2,http/1.1", "-tls1_3");
        var http = OpenSsl.Run("s_client", "-connect", balancer.Tls.Authority, "-noservername", "-alpn", "spdy/3,http/1.1", "-tls1_2");

        Assert.Contains("CN = api.example.com", h2, StringComparison.Ordinal);
        Assert.Contains("ALPN protocol: h2", h2, StringComparison.Ordinal);
        Assert.Contains("CN = localhost", http, StringComparison.Ordinal);
        Assert.Contains("ALPN protocol: http/1.1", http, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("portable")]
    public async Task A_client_that_speaks_neither_protocol_is_told_so_in_the_handshake(string transport)
    {
        await using var balancer = await Start(transport);
        var options = TlsClient.Options("api.example.com");
        options.ApplicationProtocols = [new SslApplicationProtocol("spdy/3")];

        await Assert.ThrowsAnyAsync<AuthenticationException>(() => RawHttp2Connection.ConnectAsync(balancer.Tls, tls: options));
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("portable")]
    public async Task Calls_pass_whatever_name_was_asked_for(string transport)
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await Start(transport, target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls, tls: TlsClient.Options("api.example.com"));

        var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
    }

    [Fact]
    public async Task Without_a_default_the_first_certificate_is_for_everybody()
    {
        var (first, second) = (_authority.Server("first.example"), _authority.Server("second.example"));
        await using var balancer = await BalancerUnderTest.StartWith(
            [],
            "Kestrel:Certificates:Default:Path=",
            $"Balancer:Certificates:a:Path={first.Path}", $"Balancer:Certificates:a:KeyPath={first.KeyPath}",
            $"Balancer:Certificates:b:Path={second.Path}", $"Balancer:Certificates:b:KeyPath={second.KeyPath}");

        Assert.Equal("CN=first.example", await TlsClient.Seen(balancer.Tls, null));
        Assert.Equal("CN=second.example", await TlsClient.Seen(balancer.Tls, "second.example"));
    }

    public void Dispose() => _authority.Dispose();

    private async Task<BalancerUnderTest> Start(string transport, params Uri[] targets)
    {
        var (exact, wildcard, german) = (_authority.Server("api.example.com"), _authority.Server("*.example.com"), _authority.Server("xn--bcher-kva.example"));
        return await BalancerUnderTest.StartWith(
            targets,
            $"Balancer:Transport={transport}",
            $"Balancer:Certificates:api:Path={exact.Path}", $"Balancer:Certificates:api:KeyPath={exact.KeyPath}",
            $"Balancer:Certificates:all:Path={wildcard.Path}", $"Balancer:Certificates:all:KeyPath={wildcard.KeyPath}", "Balancer:Certificates:all:Hosts:0=shop.example.org",
            $"Balancer:Certificates:german:Path={german.Path}", $"Balancer:Certificates:german:KeyPath={german.KeyPath}");
    }
}
