namespace RouteGuide.Balancer.Telemetry.Events;

/// <summary>What has happened.</summary>
internal enum EventKind
{
    /// <summary>A target's state is another one.</summary>
    State,

    /// <summary>A target was ejected for what became of its calls, or taken back.</summary>
    Ejection,

    /// <summary>A group chooses its targets otherwise.</summary>
    Algorithm,

    /// <summary>A target has another weight.</summary>
    Weight,

    /// <summary>A target has come.</summary>
    Register,

    /// <summary>A target begins to leave, or has left.</summary>
    Deregister,

    /// <summary>The configuration was read again.</summary>
    Reload,
}

/// <summary>Something that has happened to targets, groups or the configuration; calls are none of it.</summary>
/// <param name="Id">From 1, each one more than the one before.</param>
/// <param name="Time">When.</param>
/// <param name="Kind">What.</param>
/// <param name="Group">The target group; null for what befell all.</param>
/// <param name="Target">The target's name; null for what befell all of the group.</param>
/// <param name="From">What was before; null where there was nothing.</param>
/// <param name="To">What is now; null where there is nothing any more.</param>
/// <param name="Reason">For people; null where there is nothing to add.</param>
internal sealed record BalancerEvent(long Id, DateTimeOffset Time, EventKind Kind, string? Group, string? Target, string? From, string? To, string? Reason);
