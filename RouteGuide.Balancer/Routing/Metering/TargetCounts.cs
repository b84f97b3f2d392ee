namespace RouteGuide.Balancer.Routing.Metering;

/// <summary>What one thread has counted of one target.</summary>
internal sealed class TargetCounts
{
    /// <summary>Attempts by how they ended, at the place of their <see cref="OutcomeKind"/>.</summary>
    public readonly long[] Outcomes = new long[Enum.GetValues<OutcomeKind>().Length];

    /// <summary>Answers that were no success: gRPC with a status other than OK, else HTTP from 500 up.</summary>
    public long Failures;

    /// <summary>From the request's headers to the response's.</summary>
    public readonly LatencyWindow Latency = new();

    /// <summary>An attempt has ended.</summary>
    /// <param name="outcome">How.</param>
    /// <param name="now">Timestamp of the clock.</param>
    /// <param name="frequency">Of the clock.</param>
    public void Add(in CallOutcome outcome, long now, long frequency)
    {
        Outcomes[(int)outcome.Kind]++;
        if (outcome.Kind == OutcomeKind.Answered && (outcome.IsGrpc ? outcome.Status != 0 : outcome.Status >= 500)) Failures++;
        if (outcome.FirstOctet >= 0) Latency.Add(outcome.FirstOctet / TimeSpan.TicksPerMicrosecond, now, frequency);
    }
}
