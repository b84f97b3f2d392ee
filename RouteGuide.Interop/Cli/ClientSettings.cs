using RouteGuide.Interop.Client;

namespace RouteGuide.Interop.Cli;

/// <summary>What the interop client is started with.</summary>
/// <param name="Address">The server.</param>
/// <param name="HostOverride">The name that the server's certificate is for and that calls ask for; null for the one of the address.</param>
/// <param name="CaFile">The roots to trust, as PEM; null for the machine's.</param>
/// <param name="Case">The test case.</param>
/// <param name="Soak">How the soak cases run.</param>
internal sealed record ClientSettings(Uri Address, string? HostOverride, string? CaFile, string Case, SoakSettings Soak)
{
    /// <exception cref="UsageException">The command line cannot be used.</exception>
    public static ClientSettings Parse(IReadOnlyList<string> args)
    {
        var flags = Flags.Parse(
            args,
            [
                "server_host", "server_port", "server_host_override", "ca_file|ca", "test_case", "soak_iterations", "soak_max_failures",
                "soak_per_iteration_max_acceptable_latency_ms", "soak_overall_timeout_seconds", "soak_min_time_ms_between_rpcs",
                "soak_request_size", "soak_response_size",
            ],
            ["use_tls|tls", "use_test_ca"]);

        var test = flags.Text("test_case") ?? "large_unary";
        if (!TestCases.All.ContainsKey(test)) throw new UsageException($"--test_case: there is no case '{test}'. Known: {string.Join(", ", TestCases.All.Keys)}.");

        var isSecure = flags.Switch("use_tls");
        // Who says --use_tls=false often leaves the files of the other run where they were; who does not speak of TLS has forgotten it.
        var isPlaintext = flags.IsSaidToBeOff("use_tls");
        var ca = isPlaintext ? null : flags.Text("ca_file");
        if (!isPlaintext && flags.Switch("use_test_ca") && ca is null) throw new UsageException("--use_test_ca needs --ca_file: the test root to trust, a PEM file.");
        if (!isSecure && ca is not null) throw new UsageException($"--ca_file: '{ca}' is for TLS, which is off: add --use_tls.");

        var host = flags.Text("server_host") ?? "localhost";
        var port = flags.Number("server_port", 8080, 1, 65_535);
        // An IPv6 address stands in brackets in a URL; the public programs take it with and without.
        var authority = host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[') ? $"[{host}]" : host;
        if (!Uri.TryCreate($"{(isSecure ? "https" : "http")}://{authority}:{port}", UriKind.Absolute, out var address) || address.PathAndQuery != "/")
            throw new UsageException($"--server_host: '{host}' is not the name or the address of a host.");

        return new ClientSettings(address, flags.Text("server_host_override"), ca, test, SoakSettings.From(flags));
    }
}
