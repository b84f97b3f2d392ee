using System.Text.RegularExpressions;
using RouteGuide.Bench.Processes;

namespace RouteGuide.Bench.Proxies;

/// <summary>HAProxy.</summary>
internal sealed partial class HAProxy() : ConfiguredProxy("haproxy", "haproxy")
{
    // "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/"
    public override async Task<string> ReadVersion(CancellationToken cancellation) =>
        VersionText().Match((await Programs.Run(Program, ["-v"], StartPatience, cancellation)).Output).Groups[1].Value;

    protected override IEnumerable<string> Arguments(string file) => ["-db", "-f", file];

    // HTTP/2 on both sides, connections to the targets shared by all clients and kept. Larger buffers would make bulk cheaper, but with them
    // 2.6 ends connections to the targets with INTERNAL_ERROR in the middle of responses. Without strict limits it takes as many
    // connections as the machine's descriptors allow, instead of refusing to start.
    protected override string Configuration(ProxySetup setup, int port) =>
        $"""
        global
            nbthread {setup.Cpus.Count}
            maxconn 10100
            no strict-limits
            tune.h2.max-concurrent-streams 1000
            tune.h2.initial-window-size 1048576
            ssl-default-bind-options ssl-min-ver TLSv1.3

        defaults
            mode http
            timeout connect 5s
            timeout client 1h
            timeout server 1h
            timeout http-keep-alive 1h
            timeout http-request 1h

        frontend front
            bind 127.0.0.1:{port} ssl crt {setup.Certificate.BothFile} alpn h2
            default_backend targets

        backend targets
            balance roundrobin
            http-reuse always
        {string.Join('\n', setup.Backends.Select((backend, i) => $"    server t{i + 1} 127.0.0.1:{backend} proto h2 pool-purge-delay 1h"))}

        """;

    [GeneratedRegex("version ([0-9.]+)")]
    private static partial Regex VersionText();
}
