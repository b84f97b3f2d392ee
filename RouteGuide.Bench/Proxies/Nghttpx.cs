using RouteGuide.Bench.Processes;

namespace RouteGuide.Bench.Proxies;

/// <summary>nghttp2's proxy.</summary>
internal sealed class Nghttpx() : ConfiguredProxy("nghttpx", "nghttp2-proxy")
{
    // "nghttpx nghttp2/1.52.0"
    public override async Task<string> ReadVersion(CancellationToken cancellation) =>
        (await Programs.Run(Program, ["--version"], StartPatience, cancellation)).Output.Trim().Split('/')[^1];

    protected override IEnumerable<string> Arguments(string file) => [$"--conf={file}"];

    // A worker per core; more streams on a connection to a target than its 100 made it no cheaper. Full TLS records from the first octet on, and windows in which a large response does not wait. It keeps no access log
    // unless told to.
    protected override string Configuration(ProxySetup setup, int port) =>
        $"""
        frontend=127.0.0.1,{port}
        {string.Join('\n', setup.Backends.Select(backend => $"backend=127.0.0.1,{backend};/;proto=h2"))}
        certificate-file={setup.Certificate.CertificateFile}
        private-key-file={setup.Certificate.KeyFile}
        tls-min-proto-version=TLSv1.3
        tls-max-proto-version=TLSv1.3
        workers={setup.Cpus.Count}
        errorlog-file=/dev/null
        rlimit-nofile=20000
        frontend-http2-max-concurrent-streams=1000
        backend-http2-window-size=1048576
        tls-dyn-rec-warmup-threshold=0
        frontend-http2-read-timeout=1h
        backend-read-timeout=1h
        no-server-push=yes
        no-ocsp=yes
        single-process=yes

        """;
}
