using RouteGuide.Bench.Compare;
using RouteGuide.Bench.Measuring;
using RouteGuide.Bench.Proxies;

namespace RouteGuide.Bench.Idle;

/// <summary>
/// Memory of idle connections: that of a proxy started anew, before and after they are opened. A hundred are opened and closed first, so
/// that what the first connection of all needs (compiled code, pools) is not counted as theirs.
/// </summary>
internal static class IdleRun
{
    private const int First = 100;
    private const int MaxReads = 45;
    private const int SteadyReads = 5;

    /// <summary>How far apart the last readings may be: 0.3 %.</summary>
    private const double Steady = 0.003;

    private static readonly TimeSpan BetweenReads = TimeSpan.FromSeconds(1);

    /// <exception cref="LoadException">Connections could not be opened, or did not stay.</exception>
    public static async Task<Sample> Measure(Scenario scenario, RunningProxy proxy, ServerCertificate certificate, CancellationToken cancellation)
    {
        if (proxy.Process is not { } process) throw new LoadException("there is no proxy to measure");
        try
        {
            await using (var first = new IdleClient(proxy.Uri, certificate.Der)) await first.Add(First, cancellation);
            var before = await Settled(process.Id, cancellation);
            await using var client = new IdleClient(proxy.Uri, certificate.Der);
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            await client.Add(scenario.Connections, cancellation);
            var took = System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds;
            var after = await Settled(process.Id, cancellation);
            if (client.Open != scenario.Connections) throw new LoadException($"{client.Open:N0} of {scenario.Connections:N0} connections stayed open");
            return new Sample(null, scenario.Connections, null, null, null, after / (1024.0 * 1024))
            {
                BytesPerConnection = (double)(after - before) / scenario.Connections,
                ConnectionsPerSecond = scenario.Connections / took,
            };
        }
        catch (BenchException e)
        {
            throw new LoadException(e.Message, e);
        }
    }

    // The memory when it has stopped changing; when it does not, the last reading.
    private static async Task<long> Settled(int process, CancellationToken cancellation)
    {
        var reads = new List<long>();
        while (true)
        {
            await Task.Delay(BetweenReads, cancellation);
            reads.Add(ProcessTree.Read(process).ResidentBytes);
            var last = reads.TakeLast(SteadyReads).ToList();
            if (reads.Count == MaxReads || (last.Count == SteadyReads && last.Max() - last.Min() <= last.Max() * Steady)) return reads[^1];
        }
    }
}
