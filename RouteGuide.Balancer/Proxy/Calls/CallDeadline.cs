using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy.Calls;

/// <summary>How long a call may take.</summary>
/// <param name="After">Since its request came; null for ever.</param>
/// <param name="IsOurs">A rule has set or lowered it, so that the balancer alone keeps it; else the client and the target know it too.</param>
internal readonly record struct CallDeadline(TimeSpan? After, bool IsOurs)
{
    /// <summary>What the target has to be told; null if the client has said it already, or cannot say it in this protocol.</summary>
    public TimeSpan? ForTarget(bool isGrpc) => isGrpc && IsOurs ? After : null;

    /// <summary>Of a request.</summary>
    /// <param name="headers">As the client sent them.</param>
    /// <param name="policy">Of its rule.</param>
    public static CallDeadline Of(HeaderList headers, CallPolicy? policy)
    {
        var at = headers.IndexOf(KnownHeader.GrpcTimeout);
        if (at < 0) return Of((TimeSpan?)null, policy);
        // One that cannot be read is left for the target to complain of.
        return GrpcProtocol.TryParseTimeout(headers.Value(at), out var after) ? Of(after, policy) : default;
    }

    /// <summary>Of a request whose client has set one, or has not.</summary>
    public static CallDeadline Of(TimeSpan? clients, CallPolicy? policy)
    {
        if (policy?.Settings.Deadline is not { } rule) return new CallDeadline(clients, IsOurs: false);
        var after = clients ?? (rule.Default > TimeSpan.Zero ? rule.Default : null);
        if (rule.Max > TimeSpan.Zero && (after is null || after > rule.Max)) after = rule.Max;
        return new CallDeadline(after, IsOurs: after != clients);
    }
}
