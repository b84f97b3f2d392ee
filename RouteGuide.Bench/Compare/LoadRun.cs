using RouteGuide.Bench.Measuring;
using RouteGuide.Bench.Proxies;

namespace RouteGuide.Bench.Compare;

/// <summary>Puts one scenario's load through one proxy and takes the proxy's CPU time over it.</summary>
/// <param name="load">The load generator.</param>
/// <param name="seconds">How long a measured run is to take.</param>
internal sealed class LoadRun(H2Load load, double seconds)
{
    private const double TimedSeconds = 1;
    private const int MaxWarmUps = 20;
    private const int LeastWarmUps = 4;

    private const int ProbeCalls = 20;
    private const int MaxProbes = 30;
    private static readonly Scenario Probe = new("probe", "probe", Compare.Measure.CpuPerCall, 1, 1, Backend.CallShape.Unary, 1);
    private static readonly TimeSpan BetweenProbes = TimeSpan.FromMilliseconds(500);

    // A proxy may still be closing connections when the generator has ended.
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Dictionary<(string Scenario, string Proxy), double> _rates = [];

    /// <summary>Returns when calls come through: a proxy that accepts connections may not have any to its targets yet.</summary>
    /// <exception cref="BenchException">They do not.</exception>
    public async Task UntilReady(RunningProxy proxy, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await load.Run(proxy.Uri, Probe, ProbeCalls, isTimed: false, Patience, cancellation);
                return;
            }
            catch (LoadException e)
            {
                if (attempt == MaxProbes) throw new BenchException($"{proxy.Kind.Name} passes no calls on: {e.Message}\n{proxy.Process?.Transcript}", e);
                await Task.Delay(BetweenProbes, cancellation);
            }
        }
    }

    /// <summary>Finds out how many calls a second to expect, and warms up what gets faster while it runs until it no longer does.</summary>
    /// <exception cref="LoadException">Calls failed.</exception>
    public async Task WarmUp(Scenario scenario, RunningProxy proxy, CancellationToken cancellation)
    {
        var rate = scenario.OfferedRate ?? await FindRate(scenario, proxy, cancellation);
        _rates[(scenario.Name, proxy.Kind.Name)] = rate;
        if (!proxy.Kind.WarmsUp) return;

        var best = double.MaxValue;
        var idle = 0;
        for (var run = 0; run < MaxWarmUps && (idle < 2 || run < LeastWarmUps); run++)
        {
            var calls = Calls(scenario, rate, 1);
            var before = Cpu(proxy);
            var (report, _) = await load.Run(proxy.Uri, scenario, calls, isTimed: false, Patience, cancellation);
            var cpu = (Cpu(proxy) - before) / calls;
            idle = cpu < best * 0.97 ? 0 : idle + 1;
            best = Math.Min(best, cpu);
            if (scenario.OfferedRate is null) rate = _rates[(scenario.Name, proxy.Kind.Name)] = report.CallsPerSecond;
        }
    }

    /// <summary>One measured run.</summary>
    /// <exception cref="LoadException">Calls failed, or fewer were made than offered.</exception>
    public async Task<Sample> Measure(Scenario scenario, RunningProxy proxy, CancellationToken cancellation)
    {
        var rate = _rates[(scenario.Name, proxy.Kind.Name)];
        var calls = Calls(scenario, rate, seconds);
        var before = Cpu(proxy);
        var (report, times) = await load.Run(proxy.Uri, scenario, calls, scenario.TimesEveryCall, Patience + TimeSpan.FromSeconds(seconds * 5), cancellation);
        await Task.Delay(Settle, cancellation);
        var used = Cpu(proxy) - before;
        var resident = proxy.Process is { } process ? ProcessTree.Read(process.Id).ResidentBytes : 0;
        if (scenario.OfferedRate is { } offered && report.CallsPerSecond < offered * 0.97)
        {
            throw new LoadException($"{report.CallsPerSecond:N0} calls/s were made of the {offered:N0} offered");
        }

        if (times is null) (_, times) = await load.Run(proxy.Uri, scenario, Calls(scenario, report.CallsPerSecond, TimedSeconds), isTimed: true, Patience, cancellation);
        var has = proxy.Process is not null;
        return new Sample(has ? used : null, calls, report.CallsPerSecond, times!.Percentile(0.5), times.Percentile(0.99), has ? resident / (1024.0 * 1024) : null);
    }

    // More calls each time until they take long enough to say something.
    private async Task<double> FindRate(Scenario scenario, RunningProxy proxy, CancellationToken cancellation)
    {
        var calls = (long)scenario.Connections * scenario.Streams;
        for (var attempt = 0; ; attempt++)
        {
            var (report, _) = await load.Run(proxy.Uri, scenario, calls, isTimed: false, Patience, cancellation);
            if (calls > report.CallsPerSecond * 0.4 || attempt == 6) return report.CallsPerSecond;
            calls = Math.Max(calls * 2, Math.Min(calls * 20, Calls(scenario, report.CallsPerSecond, 0.6)));
        }
    }

    private static double Cpu(RunningProxy proxy) => proxy.Process is { } process ? ProcessTree.Read(process.Id).CpuSeconds : 0;

    private static long Calls(Scenario scenario, double rate, double seconds)
    {
        var least = (long)scenario.Connections * scenario.Streams;
        return Math.Max(least, (long)(rate * seconds) / scenario.Connections * scenario.Connections);
    }
}
