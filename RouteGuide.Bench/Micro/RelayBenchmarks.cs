using BenchmarkDotNet.Attributes;

namespace RouteGuide.Bench.Micro;

/// <summary>Unary calls through a client's and a target's connection joined in memory: all that the engine does for a call, no system call. Times are of a batch.</summary>
public class RelayBenchmarks
{
    private MemoryRelay _relay = null!;

    /// <summary>Calls that arrive in one read.</summary>
    [Params(1, 50)]
    public int Batch { get; set; }

    [GlobalSetup]
    public void Setup() => _relay = new MemoryRelay(Batch);

    [Benchmark]
    public long Relay() => _relay.Turn();
}
