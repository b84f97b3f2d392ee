namespace RouteGuide.Balancer.Routing;

/// <summary>How an attempt at a target ended.</summary>
internal enum OutcomeKind
{
    /// <summary>The target answered: the status says how.</summary>
    Answered,

    /// <summary>The target reset the call.</summary>
    Reset,

    /// <summary>No connection could be made; the call never left.</summary>
    NotConnected,

    /// <summary>The connection broke while the call ran.</summary>
    ConnectionLost,

    /// <summary>The target said that it has not processed the call (REFUSED_STREAM, GOAWAY).</summary>
    Refused,

    /// <summary>What it answered was no response.</summary>
    Invalid,

    /// <summary>The time for the attempt or the call was over before it had answered.</summary>
    TimedOut,

    /// <summary>It was not left to finish, for a reason that is not the target's: the client is gone, another attempt has won.</summary>
    Abandoned,
}

/// <summary>What became of one attempt at a target: all that load figures, outlier detection and metrics are made from.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="IsGrpc">The request was gRPC.</param>
/// <param name="Status">For <see cref="OutcomeKind.Answered"/> the gRPC status (2, UNKNOWN, if there was none), else the HTTP status; 0 otherwise.</param>
/// <param name="FirstOctet">Ticks of 100 ns from the request's headers to the response's; -1 if none came.</param>
/// <param name="Duration">Ticks of 100 ns from the pick to the end.</param>
internal readonly record struct CallOutcome(OutcomeKind Kind, bool IsGrpc, int Status, long FirstOctet, long Duration);
