using RouteGuide.Bench.Processes;
using RouteGuide.Bench.Proxies;

namespace RouteGuide.Bench.HotNode;

/// <summary>The balancer as its users run it, with a front that balances calls and one that balances connections, both over the same replicas.</summary>
internal sealed class HotNodeBalancer : IAsyncDisposable
{
    private const string Calls = "Calls are taken on ";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ManagedProcess _process;

    private HotNodeBalancer(ManagedProcess process, Uri request, Uri tcp)
    {
        _process = process;
        Request = request;
        Tcp = tcp;
    }

    /// <summary>Where calls are balanced.</summary>
    public Uri Request { get; }

    /// <summary>Where connections are.</summary>
    public Uri Tcp { get; }

    /// <exception cref="BenchException">It is not built, or did not start.</exception>
    public static async Task<HotNodeBalancer> Start(Guard guard, string folder, IReadOnlyList<string> targets, CancellationToken cancellation)
    {
        if (!File.Exists(OwnBalancer.Assembly)) throw new BenchException($"{OwnBalancer.Assembly} is not built");
        var environment = new Dictionary<string, string?> { ["ASPNETCORE_URLS"] = "http://127.0.0.1:0;tcp://127.0.0.1:0", ["REGISTRY_PORT"] = null };
        for (var i = 0; i < targets.Count; i++) environment[$"Balancer__Targets__{i}"] = targets[i];
        OwnBalancer.RemoveForeign(environment);

        // In a folder of its own: a balancer.json where this command is run is not for this one.
        var process = ManagedProcess.Start(guard, folder, "dotnet", ["exec", OwnBalancer.Assembly], environment);
        try
        {
            var request = await process.WaitForLine(Calls + "http://", Patience, cancellation);
            var tcp = await process.WaitForLine(Calls + "tcp://", Patience, cancellation);
            return new HotNodeBalancer(process, new Uri("http://" + request.Trim()), new Uri("http://" + tcp.Trim()));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
