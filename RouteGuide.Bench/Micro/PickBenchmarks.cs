using BenchmarkDotNet.Attributes;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Balancing.Hashing;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Bench.Micro;

/// <summary>One pick, and what an algorithm learns from the call. Every target has one call, so that those that look at load have to compare.</summary>
public class PickBenchmarks
{
    private TargetSnapshot _snapshot = TargetSnapshot.Empty;
    private IPicker _picker = new RoundRobin();
    private ulong _key;

    [Params("RoundRobin", "LeastOutstandingRequests", "WeightedRandom", "PowerOfTwoChoices", "PeakEwma", "ConsistentHash", "OrcaWeightedRoundRobin")]
    public string Algorithm { get; set; } = "";

    [Params(3, 1000)]
    public int Targets { get; set; }

    [Params(false, true)]
    public bool Weighted { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _picker = Pickers.Create(new AlgorithmSettings { Type = Enum.Parse<AlgorithmType>(Algorithm) }, TimeProvider.System, new Random(1));
        _snapshot = new TargetSnapshot([.. Enumerable.Range(0, Targets).Select(i => new TargetEntry(NewTarget(i), Draining: false, Suspect: false))]);
        foreach (var target in _snapshot.Routable) target.TryBegin();
    }

    [Benchmark]
    public int Pick()
    {
        var target = _picker.Pick(_snapshot, new PickInput(XxHash64.Mix(++_key), true), out _);
        (_picker as ILatencyWatch)?.OnFirstOctet(target, 10_000 + (long)(_key % 1_000));
        return target.InFlight;
    }

    private Target NewTarget(int i) => TargetAddress.TryParse($"http://10.0.{i / 250}.{i % 250 + 1}:50051", out var address, out var error)
        ? new Target($"t{i}", address, leased: false) { Weight = Weighted ? 1 + i % 10 : 1 }
        : throw new InvalidOperationException(error);
}
