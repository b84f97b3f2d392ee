using System.Diagnostics;
using RouteGuide.Bench.Processes;

namespace RouteGuide.Bench.HotNode;

/// <summary>The same calls from one connection of one client, through a balancer that balances calls and through one that balances connections.</summary>
internal static class HotNodeRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <exception cref="BenchException">A call failed, or something did not start.</exception>
    public static async Task<HotNodeResult> Run(int replicas, int calls, CancellationToken cancellation)
    {
        if (OperatingSystem.IsWindows()) throw new BenchException("hot-node runs on Linux and macOS");
        var folder = Directory.CreateTempSubdirectory("routeguide-hot-node-").FullName;
        using var guard = new Guard(folder);
        await using var targets = await HotNodeReplicas.Start(replicas);
        await using var balancer = await HotNodeBalancer.Start(guard, folder, targets.Urls, cancellation);
        // One after the other: connections to the targets, and what is known of their health, come with the first calls.
        return new HotNodeResult(
            await Measure(balancer.Request, targets.Names, replicas, calls, cancellation),
            await Measure(balancer.Tcp, targets.Names, 1, calls, cancellation));
    }

    private static async Task<IReadOnlyDictionary<string, int>> Measure(Uri address, IReadOnlyList<string> names, int expected, int calls, CancellationToken cancellation)
    {
        using var client = new HotNodeClient(address);
        await WarmUp(client, expected, cancellation);
        var answers = await client.Call(calls, cancellation);
        if (client.Connections != 1) throw new BenchException($"the client made {client.Connections} connections where one was wanted");
        return names.ToDictionary(name => name, name => answers.Count(a => a == name), StringComparer.Ordinal);
    }

    // Until as many have answered as will.
    private static async Task WarmUp(HotNodeClient client, int expected, CancellationToken cancellation)
    {
        var waited = Stopwatch.StartNew();
        for (var seen = 0; seen < expected;)
        {
            seen = (await client.Call(2 * expected, cancellation)).Distinct().Count();
            if (seen >= expected) return;
            if (waited.Elapsed > Patience) throw new BenchException($"{seen} of {expected} replicas had calls within {Patience.TotalSeconds:0} s");
            await Task.Delay(Pause, cancellation);
        }
    }
}
