namespace RouteGuide.Balancer.Proxy.Metering;

/// <summary>What one thread has counted of one gRPC method.</summary>
internal sealed class MethodCounts
{
    /// <summary>Calls by their gRPC status, at its place; at <see cref="Unknown"/> also those without a status or with none that exists.</summary>
    public readonly long[] Statuses = new long[17];

    /// <summary>Microseconds of all calls together, each from its headers to its end.</summary>
    public long Microseconds;

    private const int Unknown = (int)GrpcStatus.Unknown;

    /// <param name="status">As it stood in the trailers; null if there was none.</param>
    /// <param name="isClientGone">The client did not wait for one.</param>
    public static int IndexOf(string? status, bool isClientGone) => status switch
    {
        null => isClientGone ? (int)GrpcStatus.Cancelled : Unknown,
        [>= '0' and <= '9'] => status[0] - '0',
        ['1', >= '0' and <= '6'] => 10 + status[1] - '0',
        _ => Unknown,
    };
}
