using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Balancing;

/// <summary>
/// Of two targets that are drawn by chance, the one where a call is likely to be answered first: the time that it took to answer lately
/// (a mean that follows a rise at once and forgets it slowly), times the calls that are there already and this one. A target that has
/// answered none yet counts as fast as the other one. Failing is not answering fast: a failure counts as several times what is usual, else
/// a target that refuses everything at once would get all calls.
/// </summary>
/// <param name="dice">Draws.</param>
/// <param name="decay">In which what was learned shrinks to 1/e.</param>
/// <param name="time">Says how long ago it was.</param>
internal sealed class PeakEwma(Dice dice, TimeSpan decay, TimeProvider time) : IPicker, ILatencyWatch, IOutcomeWatch
{
    private const int FailureFactor = 5;
    private static readonly double LongestTicks = TimeSpan.FromMinutes(1).Ticks;

    private readonly Candidates _candidates = new(dice);
    private readonly double _decayMs = decay.TotalMilliseconds;
    private readonly long _started = time.GetTimestamp();

    private long NowMs => (long)time.GetElapsedTime(_started).TotalMilliseconds;

    public Target Pick(TargetSnapshot snapshot, in PickInput input, out PickNote note)
    {
        var (first, second) = _candidates.Draw(snapshot);
        var targets = snapshot.Routable;
        var (one, other) = (targets[first], targets[second]);
        if (first == second)
        {
            note = PickNote.None;
            return one;
        }

        var now = NowMs;
        var (latency, rivalLatency) = (one.Load.Latency.At(now, _decayMs), other.Load.Latency.At(now, _decayMs));
        if (latency == 0) latency = rivalLatency == 0 ? 1 : rivalLatency;
        if (rivalLatency == 0) rivalLatency = latency;
        var (score, rival) = (latency * (one.InFlight + 1), rivalLatency * (other.InFlight + 1));
        var keeps = score <= rival;
        note = keeps ? new PickNote(score, other, rival) : new PickNote(rival, one, score);
        return keeps ? one : other;
    }

    public void OnFirstOctet(Target target, long ticks) => target.Load.Latency.Observe(ticks, NowMs, _decayMs);

    public void OnOutcome(Target target, in CallOutcome outcome)
    {
        if (Verdicts.Judge(in outcome, StatusSet.Failures) is Verdict.Failure or Verdict.ConnectionFailure) target.Load.Latency.Observe(Math.Min(LongestTicks, Math.Max(outcome.Duration, FailureFactor * target.Load.Latency.At(NowMs, _decayMs))), NowMs, _decayMs);
        // Nothing came for as long as somebody waited: it takes that long at least.
        else if (outcome.FirstOctet < 0) target.Load.Latency.Raise(outcome.Duration, NowMs, _decayMs);
    }
}
