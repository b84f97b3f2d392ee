using RouteGuide.Interop.Client;
using RouteGuide.Tests.Balancer;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Interop;

/// <summary>The interop cases with grpcio on the other side, as client and as server, directly and through the balancer.</summary>
public sealed class GrpcioInteropTests(InteropPeers peers) : IClassFixture<InteropPeers>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    // On machines with a proxy set, grpcio would ask it even for localhost.
    private static readonly Dictionary<string, string?> Environment = new() { ["no_proxy"] = "localhost,127.0.0.1", ["PYTHONDONTWRITEBYTECODE"] = "1" };

    // A server of grpcio's does not learn whether a request was compressed, which is what two of these ask it; the others ask it to report
    // a load, for which grpcio has no server.
    private static readonly string[] NotForItsServer = ["client_compressed_unary", "client_compressed_streaming", "orca_per_rpc", "orca_oob"];

    public static TheoryData<string> Ways => [.. InteropPeers.Ways];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Its_client_passes_against_our_server(string way)
    {
        var address = peers.AddressOf(way);
        await using var client = Start("client", $"localhost:{address.Port}", address.Scheme == Uri.UriSchemeHttps ? TestCertificate.CaPath : "-");

        var code = await client.WaitForExit(Patience);

        Assert.True(code == 0, string.Join('\n', [.. client.Output, .. client.Error]));
        Assert.Equal(19, client.Output.Count(line => line.StartsWith("ok ", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Our_client_passes_against_its_server(string way)
    {
        string[] files = way == "TLS" ? [TestCertificate.Path, TestCertificate.KeyPath] : ["-", "-"];
        await using var server = Start(["server", .. files]);
        var line = await server.WaitForOutput(l => l.StartsWith("port ", StringComparison.Ordinal), "grpcio's server says its port", Patience);
        var direct = new Uri($"{(way == "TLS" ? "https" : "http")}://127.0.0.1:{line[5..]}");
        await using var balancer = way.EndsWith("balancer", StringComparison.Ordinal) ? await BalancerUnderTest.Start(direct) : null;
        var address = balancer is null ? direct : way.StartsWith("TLS", StringComparison.Ordinal) ? balancer.Tls : balancer.Plaintext;

        foreach (var test in TestCases.All.Keys.Except(NotForItsServer)) Assert.Null(await InteropPeers.RunAsync(address, test));
    }

    private static RunningProcess Start(params string[] arguments) => RunningProcess.Start(
        Python.WithGrpc(), [Repository.File("RouteGuide.Tests", "Interop", "interop_peer.py"), Repository.File("protos"), .. arguments], Environment);
}
