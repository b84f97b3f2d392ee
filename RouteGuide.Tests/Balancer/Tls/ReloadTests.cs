using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Tls;

/// <summary>A certificate that is replaced while calls run.</summary>
public sealed class ReloadTests : IDisposable
{
    private const string Fast = "Balancer:CertificateReloadInterval=0.02";

    private readonly TestAuthority _authority = new();

    [Theory]
    [InlineData("auto")]
    [InlineData("portable")]
    public async Task New_connections_see_the_new_certificate_and_old_ones_lose_no_call(string transport)
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        var (certificate, key) = Write(_authority.Server("v0.example"));
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], $"Kestrel:Certificates:Default:Path={certificate}", $"Kestrel:Certificates:Default:KeyPath={key}", Fast, $"Balancer:Transport={transport}");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var failed = 0;
        var done = 0;
        using var ending = new CancellationTokenSource();
        var load = Task.Run(async () =>
        {
            while (!ending.IsCancellationRequested)
            {
                var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
                await call.Ended();
                if (call.GrpcStatus == "0") Interlocked.Increment(ref done);
                else Interlocked.Increment(ref failed);
            }
        });

        for (var i = 1; i <= 3; i++)
        {
            var before = Volatile.Read(ref done);
            Write(_authority.Server($"v{i}.example"));
            await Eventually.Until(async () => await TlsClient.Seen(balancer.Tls, null) == $"CN=v{i}.example", $"version {i} is seen");
            await Eventually.Until(() => Volatile.Read(ref done) > before, "calls go on");
        }

        await ending.CancelAsync();
        await load;
        Assert.Equal(0, failed);
        Assert.False(client.IsClosed);
        Assert.DoesNotContain(client.Frames, f => f.Type == RawHttp2FrameType.GoAway);
    }

    [Fact]
    public async Task A_broken_file_is_warned_of_once_and_the_old_certificate_stays()
    {
        var (certificate, key) = Write(_authority.Server("good.example"));
        var lines = new LinesOf("RouteGuide.Balancer.BalancerApp");
        await using var balancer = await BalancerUnderTest.StartWith([], $"Kestrel:Certificates:Default:Path={certificate}", $"Kestrel:Certificates:Default:KeyPath={key}", Fast);
        balancer.AddLogger(lines);

        File.WriteAllText(certificate, "-----BEGIN CERTIFICATE-----\nhalf");
        await Eventually.Until(() => !lines.All.IsEmpty, "a warning");
        Assert.Equal("CN=good.example", await TlsClient.Seen(balancer.Tls, null));
        Write(_authority.Server("better.example"));
        await Eventually.Until(async () => await TlsClient.Seen(balancer.Tls, null) == "CN=better.example", "the new one is seen");

        var warning = Assert.Single(lines.All, l => l.ContainsKey("Reason"));
        Assert.Contains(certificate, $"{warning["Reason"]}", StringComparison.Ordinal);
        Assert.Contains("Kestrel:Certificates:Default:Path", $"{warning["Reason"]}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_named_certificate_may_come_to_be_for_other_names()
    {
        var (certificate, key) = Write(_authority.Server("old.example"));
        await using var balancer = await BalancerUnderTest.StartWith([], $"Balancer:Certificates:a:Path={certificate}", $"Balancer:Certificates:a:KeyPath={key}", Fast);
        Assert.Equal("CN=old.example", await TlsClient.Seen(balancer.Tls, "old.example"));

        Write(_authority.Server("new.example"));

        await Eventually.Until(async () => await TlsClient.Seen(balancer.Tls, "new.example") == "CN=new.example", "the new name is known");
        Assert.Equal("CN=localhost", await TlsClient.Seen(balancer.Tls, "old.example"));
    }

    public void Dispose() => _authority.Dispose();

    private (string Certificate, string Key) Write(Issued issued) => (_authority.Write("tls.crt", issued.Pem), _authority.Write("tls.key", issued.KeyPem));
}
