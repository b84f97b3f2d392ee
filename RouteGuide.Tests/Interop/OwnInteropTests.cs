using RouteGuide.Interop.Client;
using RouteGuide.Tests.Balancer;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Interop;

/// <summary>Our interop client against our interop server, every case on every way.</summary>
public sealed class OwnInteropTests(InteropPeers peers) : IClassFixture<InteropPeers>
{
    public static MatrixTheoryData<string, string> CasesAndWays => new(TestCases.All.Keys, InteropPeers.Ways);

    [Theory]
    [MemberData(nameof(CasesAndWays))]
    public async Task Our_client_passes_against_our_server(string test, string way) => Assert.Null(await InteropPeers.RunAsync(peers.AddressOf(way), test));

    [Fact]
    public async Task The_host_that_overrides_the_address_is_the_name_that_the_certificate_is_checked_for()
    {
        var address = peers.AddressOf("TLS");
        Assert.Null(await InteropPeers.RunAsync(new UriBuilder(address) { Host = "127.0.0.1" }.Uri, "large_unary", "--server_host_override", "localhost"));
        var refusal = await InteropPeers.RunAsync(address, "large_unary", "--server_host_override", "other.example");
        Assert.Contains("NameMismatch", refusal);
    }

    [Theory]
    [InlineData("localhost", true, null)]
    [InlineData("localhost", false, "PartialChain")]
    [InlineData("127.0.0.2", true, "NameMismatch")]
    public async Task The_channels_own_transport_trusts_what_the_machine_trusts_under_its_name(string host, bool isTrusted, string? refusal)
    {
        // The machine's trust belongs to a process. 127.0.0.2 is this machine too, and not in the certificate.
        var trust = new Dictionary<string, string?> { ["SSL_CERT_FILE"] = isTrusted ? TestCertificate.CaPath : null };
        await using var client = RunningProcess.StartProject(
            "RouteGuide.Interop", ["client", "--use_tls", $"--server_host={host}", $"--server_port={peers.AddressOf("TLS").Port}", "--test_case=large_unary"], trust);

        Assert.Equal(refusal is null ? 0 : 1, await client.WaitForExit());
        if (refusal is not null) Assert.Contains(client.Error, line => line.Contains(refusal, StringComparison.Ordinal) && line.Contains("certificate is invalid", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_soak_fails_when_more_iterations_fail_than_may()
    {
        using var port = new ReservedPort();
        var address = new Uri($"http://127.0.0.1:{port.Number}");

        var problem = await InteropPeers.RunAsync(address, "rpc_soak", "--soak_iterations=3", "--soak_max_failures=2");
        Assert.Contains("3 iterations failed; 2 were allowed", problem);
        Assert.Null(await InteropPeers.RunAsync(address, "rpc_soak", "--soak_iterations=3", "--soak_max_failures=3"));
    }
}
