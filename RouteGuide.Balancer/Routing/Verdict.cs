namespace RouteGuide.Balancer.Routing;

/// <summary>What the end of an attempt says about the target.</summary>
internal enum Verdict
{
    /// <summary>It works.</summary>
    Good,

    /// <summary>Nothing: the reason is not the target's, or not known.</summary>
    Neutral,

    /// <summary>It failed.</summary>
    Failure,

    /// <summary>Its connection failed, or took no more calls: one event, however many calls it befell.</summary>
    ConnectionFailure,
}

/// <summary>Judges outcomes.</summary>
internal static class Verdicts
{
    private const int Cancelled = 1;
    private const int DeadlineExceeded = 4;

    /// <param name="outcome">How an attempt ended.</param>
    /// <param name="failing">The gRPC statuses that are failures. Every other one answers a question of the client's, so the target works.</param>
    public static Verdict Judge(in CallOutcome outcome, StatusSet failing) => outcome.Kind switch
    {
        OutcomeKind.Answered when outcome.IsGrpc => OfStatus(outcome.Status, failing),
        OutcomeKind.Answered => outcome.Status >= 500 ? Verdict.Failure : Verdict.Good,
        OutcomeKind.Reset or OutcomeKind.Invalid => Verdict.Failure,
        OutcomeKind.NotConnected or OutcomeKind.ConnectionLost or OutcomeKind.Refused => Verdict.ConnectionFailure,
        OutcomeKind.TimedOut => OfStatus(DeadlineExceeded, failing),
        _ => Verdict.Neutral,
    };

    // Who is late or no longer wanted was so by the client's measure.
    private static Verdict OfStatus(int status, StatusSet failing) =>
        status is >= 0 and < 32 && failing.Has(status) ? Verdict.Failure : status is Cancelled or DeadlineExceeded ? Verdict.Neutral : Verdict.Good;
}
