using RouteGuide.Balancer.Balancing.Orca;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Balancing;

/// <summary>
/// Each target in turn, as often as it can bear: the weight follows from what its responses report of rate, errors and utilization (ORCA,
/// per call), times the configured one. The rules are those of gRFC A58, client-side <c>weighted_round_robin</c>. A target without a usable
/// report has the mean of the others'; while fewer than two report, the configured weights alone count.
/// </summary>
internal sealed class OrcaWeightedRoundRobin(OrcaSettings settings, TimeProvider time) : IPicker, ILoadReportWatch
{
    private readonly long _started = time.GetTimestamp();
    private ulong _turn = ulong.MaxValue;
    private Plan? _plan;

    private long NowMs => (long)time.GetElapsedTime(_started).TotalMilliseconds;

    public Target Pick(TargetSnapshot snapshot, in PickInput input, out PickNote note)
    {
        note = PickNote.None;
        var plan = Volatile.Read(ref _plan);
        if (plan?.Snapshot != snapshot || NowMs >= Volatile.Read(ref plan.Until)) plan = Next(snapshot, plan);
        return snapshot.Routable[plan.Turns[Interlocked.Increment(ref _turn) % (uint)plan.Turns.Length]];
    }

    public void OnLoadReport(Target target, ReadOnlySpan<byte> value)
    {
        if (OrcaReport.TryParseBase64(value, out var report) && report.Weight(settings.ErrorUtilizationPenalty) is > 0 and var weight) target.Load.Reported.Set(weight, NowMs);
    }

    // One thread makes the next plan; the others go on by the last one meanwhile.
    private Plan Next(TargetSnapshot snapshot, Plan? last)
    {
        var until = NowMs + (long)settings.UpdatePeriod.TotalMilliseconds;
        if (last?.Snapshot == snapshot && Interlocked.Exchange(ref last.Until, until) > NowMs) return last;
        var plan = new Plan(snapshot, WeightedTurns.Make(Weights(snapshot)), until);
        Volatile.Write(ref _plan, plan);
        return plan;
    }

    private double[] Weights(TargetSnapshot snapshot)
    {
        var now = NowMs;
        var weights = snapshot.Weights.ToArray();
        var reported = new double[weights.Length];
        for (var i = 0; i < reported.Length; i++) reported[i] = snapshot.Routable[i].Load.Reported.At(now, (long)settings.BlackoutPeriod.TotalMilliseconds, (long)settings.WeightExpiration.TotalMilliseconds);
        if (reported.Count(w => w > 0) < 2) return weights;
        var mean = reported.Where(w => w > 0).Average();
        for (var i = 0; i < reported.Length; i++) weights[i] *= reported[i] > 0 ? reported[i] : mean;
        return weights;
    }

    private sealed class Plan(TargetSnapshot snapshot, int[] turns, long until)
    {
        public long Until = until;

        public TargetSnapshot Snapshot { get; } = snapshot;

        public int[] Turns { get; } = turns;
    }
}
