using RouteGuide.Interop.Cli;
using RouteGuide.Interop.Client;
using RouteGuide.Interop.Server;
using RouteGuide.Tests.Balancer;

namespace RouteGuide.Tests.Interop;

/// <summary>The interop server with TLS and without, in this process, and a balancer in front of it.</summary>
public sealed class InteropPeers : IAsyncLifetime
{
    /// <summary>The ways from a client to a server.</summary>
    public static readonly string[] Ways = ["plaintext", "TLS", "plaintext through the balancer", "TLS through the balancer"];

    private InteropServer _plaintext = null!;
    private InteropServer _secure = null!;
    private BalancerUnderTest _balancer = null!;

    public async ValueTask InitializeAsync()
    {
        _plaintext = await InteropServer.StartAsync(new ServerSettings(0, null, null));
        _secure = await InteropServer.StartAsync(new ServerSettings(0, TestCertificate.Path, TestCertificate.KeyPath));
        _balancer = await BalancerUnderTest.Start(new Uri($"http://127.0.0.1:{_plaintext.Port}"));
    }

    public async ValueTask DisposeAsync()
    {
        await _balancer.DisposeAsync();
        await _secure.DisposeAsync();
        await _plaintext.DisposeAsync();
    }

    internal Uri AddressOf(string way) => way switch
    {
        "plaintext" => new Uri($"http://localhost:{_plaintext.Port}"),
        "TLS" => new Uri($"https://localhost:{_secure.Port}"),
        "plaintext through the balancer" => new Uri($"http://localhost:{_balancer.Plaintext.Port}"),
        "TLS through the balancer" => new Uri($"https://localhost:{_balancer.Tls.Port}"),
        _ => throw new ArgumentOutOfRangeException(nameof(way), way, "No such way."),
    };

    /// <summary>Runs one case of our client; what it said went wrong, or null.</summary>
    internal static async Task<string?> RunAsync(Uri address, string test, params string[] more)
    {
        string[] tls = address.Scheme == Uri.UriSchemeHttps ? ["--use_tls", "--use_test_ca=true", "--ca_file", TestCertificate.CaPath] : [];
        var settings = ClientSettings.Parse(
        [
            $"--server_host={address.Host}", "--server_port", $"{address.Port}", "--test_case", test,
            // What one call may take says nothing here: the machine may be busy with other tests.
            "--soak_per_iteration_max_acceptable_latency_ms=60000",
            .. tls, .. more,
        ]);
        var (output, error) = (new StringWriter(), new StringWriter());
        return await InteropClient.RunAsync(settings, output, error, CancellationToken.None) ? null : $"{output}{error}";
    }
}
