using RouteGuide.Bench.Measuring;
using RouteGuide.Bench.Proxies;

namespace RouteGuide.Bench.Compare;

/// <summary>One scenario through one proxy: its runs, or why there is no result.</summary>
internal sealed class Cell(Scenario scenario, ProxyKind proxy)
{
    public Scenario Scenario => scenario;

    public ProxyKind Proxy => proxy;

    public List<Sample> Samples { get; } = [];

    /// <summary>Why there is no result: one run with failed calls is enough.</summary>
    public string? Failure { get; private set; }

    /// <summary>The last run in a line.</summary>
    public string Last
    {
        get
        {
            var sample = Samples[^1];
            string?[] parts =
            [
                sample.CpuSeconds is { } cpu ? $"{cpu * 1e6 / sample.Calls:0.00} µs CPU per call" : null,
                sample.CallsPerSecond is { } rate ? $"{rate:N0} calls/s" : null,
                sample.P50Ms is { } median ? $"p50 {median:0.###} ms, p99 {sample.P99Ms:0.###} ms" : null,
                sample.BytesPerConnection is { } bytes ? $"{bytes / 1024:0.0} KiB per connection" : null,
                sample.ConnectionsPerSecond is { } opened ? $"{opened:N0} connections opened a second" : null,
            ];
            return $"{scenario.Name}, {proxy.Name}: {string.Join(", ", parts.Where(part => part is not null))}";
        }
    }

    /// <summary>Runs, and keeps the reason if the run counts for nothing.</summary>
    public async Task Try(Func<Task> run, Action<string> progress)
    {
        try
        {
            await run();
        }
        catch (Exception e) when (e is LoadException or BenchException)
        {
            Failure = e.Message;
            progress($"{scenario.Name}, {proxy.Name}: FAILED, {e.Message}");
        }
    }
}
