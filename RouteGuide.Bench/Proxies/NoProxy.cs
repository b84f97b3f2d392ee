namespace RouteGuide.Bench.Proxies;

/// <summary>Calls go straight to a target, without TLS: what the load generator and the target cost by themselves.</summary>
internal sealed class NoProxy : ProxyKind
{
    public override string Name => "none";

    public override bool IsPeer => false;

    public override string? Missing => null;

    public override Task<string> ReadVersion(CancellationToken cancellation) => Task.FromResult("-");

    public override Task<RunningProxy> Start(ProxySetup setup, CancellationToken cancellation) =>
        Task.FromResult(new RunningProxy(this, new Uri($"http://127.0.0.1:{setup.Backends[0]}"), null, "h2load straight at the first target, plaintext"));
}
