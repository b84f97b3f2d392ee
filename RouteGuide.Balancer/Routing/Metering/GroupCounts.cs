namespace RouteGuide.Balancer.Routing.Metering;

/// <summary>What one thread has counted of one target group. It stays when targets go, so that sums never fall.</summary>
internal sealed class GroupCounts
{
    /// <summary>Calls for which a target was chosen, at the place of their <see cref="CallType"/>.</summary>
    public readonly long[] Calls = new long[Enum.GetValues<CallType>().Length];

    /// <summary>Responses of targets by the first digit of their HTTP status, at its place.</summary>
    public readonly long[] Responses = new long[6];

    /// <summary>From the request's headers to the response's.</summary>
    public readonly DurationCounts TargetResponse = new();

    /// <summary>From the client's headers to the end of the call.</summary>
    public readonly DurationCounts Call = new();

    /// <summary>Attempts beyond the first of their call.</summary>
    public long Retries;

    /// <summary>Of <see cref="Retries"/>, those that ran beside an earlier one.</summary>
    public long Hedges;

    /// <summary>Connections to targets that stood: TLS done, SETTINGS received.</summary>
    public long Connections;

    /// <summary>Connections to targets that could not be made, TLS included.</summary>
    public long ConnectionErrors;

    /// <summary>Of these, TLS that failed.</summary>
    public long TlsErrors;
}
