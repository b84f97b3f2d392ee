using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Balancing.Hashing;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Bench.Simulation;

/// <summary>What callers of one algorithm had to wait, in milliseconds, and the part of the calls that the odd replica got.</summary>
internal sealed record SimulatedResult(double P50, double P99, double P999, double OddShare);

/// <summary>
/// Calls that come by chance, as those of many clients do, to a balancer with one algorithm before replicas with queues; events in virtual time.
/// The algorithms are the balancer's own; the same seed gives the same calls to each.
/// </summary>
internal sealed class SimulatedRun
{
    /// <summary>Replicas; the first one is the odd one.</summary>
    public const int Replicas = 5;

    /// <summary>Of a call, on average; the distribution is exponential.</summary>
    public static readonly TimeSpan MeanWork = TimeSpan.FromMilliseconds(5);

    /// <summary>The part of what ordinary replicas could bear that is asked of them.</summary>
    public const double Load = 0.3;

    private const int Keys = 1_000;

    private readonly SimulatedClock _clock = new();
    private readonly PriorityQueue<SimulatedCall, (long At, int Order)> _ends = new();
    private readonly Random _random;
    private readonly TargetSnapshot _snapshot;
    private readonly Dictionary<Target, SimulatedReplica> _replicas;
    private readonly IPicker _picker;
    private readonly List<double> _waits = [];
    private int _order;

    public SimulatedRun(AlgorithmSettings algorithm, ReplicaBehaviour odd, int seed)
    {
        _random = new Random(seed);
        _picker = Pickers.Create(algorithm, _clock, new Random(seed));
        Target[] targets = [.. Enumerable.Range(1, Replicas).Select(NewTarget)];
        _replicas = targets.Select((target, i) => new SimulatedReplica(target, i == 0 ? odd : ReplicaBehaviour.Ordinary)).ToDictionary(r => r.Target);
        _snapshot = new TargetSnapshot([.. targets.Select(t => new TargetEntry(t, Draining: false, Suspect: false))]);
    }

    /// <param name="calls">How many come. The first tenth is not measured: who learns has then learnt.</param>
    public SimulatedResult Run(int calls)
    {
        var every = MeanWork.Ticks / (Load * Replicas * SimulatedReplica.Workers);
        var at = 0L;
        var (odd, unmeasured) = (0, calls / 10);
        for (var n = 0; n < calls; n++)
        {
            at += Math.Max(1, (long)Exponential(every));
            FinishUntil(at, n > unmeasured);
            _clock.Now = at;
            var input = new PickInput(XxHash64.Mix((ulong)_random.Next(Keys) + 1), true);
            var target = _picker.Pick(_snapshot, in input, out _);
            target.TryBegin();
            if (n >= unmeasured && target == _snapshot.Routable[0]) odd++;
            var call = new SimulatedCall(_replicas[target], at, Exponential(MeanWork.Ticks));
            if (call.Replica.TryStart(call, at)) Schedule(call, at);
        }

        FinishUntil(long.MaxValue, true);
        _waits.Sort();
        return new SimulatedResult(Quantile(0.5), Quantile(0.99), Quantile(0.999), (double)odd / (calls - unmeasured));
    }

    private void FinishUntil(long at, bool measured)
    {
        while (_ends.TryPeek(out var call, out var end) && end.At <= at)
        {
            _ends.Dequeue();
            _clock.Now = end.At;
            var wait = end.At - call.ArrivedAt;
            if (measured) _waits.Add(TimeSpan.FromTicks(wait).TotalMilliseconds);
            if (call.Replica.Finish(end.At) is { } next) Schedule(next, end.At);
            Learn(call.Replica, wait);
        }
    }

    private void Learn(SimulatedReplica replica, long wait)
    {
        (_picker as ILatencyWatch)?.OnFirstOctet(replica.Target, wait);
        (_picker as ILoadReportWatch)?.OnLoadReport(replica.Target, replica.Report());
        (_picker as IOutcomeWatch)?.OnOutcome(replica.Target, new CallOutcome(OutcomeKind.Answered, IsGrpc: true, 0, wait, wait));
        replica.Target.End();
    }

    private void Schedule(SimulatedCall call, long now) => _ends.Enqueue(call, (call.Replica.Behaviour.EndOf(now, call.Work), _order++));

    private double Exponential(double mean) => -mean * Math.Log(1 - _random.NextDouble());

    private double Quantile(double q) => _waits[Math.Min(_waits.Count - 1, (int)(_waits.Count * q))];

    private static Target NewTarget(int number) => TargetAddress.TryParse($"http://replica-{number}:50051", out var address, out var error)
        ? new Target($"replica-{number}", address, leased: false)
        : throw new InvalidOperationException(error);
}
