using RouteGuide.Balancer.Routing;
using RouteGuide.Http2;

namespace RouteGuide.Balancer.Proxy;

/// <summary>How far an attempt came that failed.</summary>
internal enum FailureKind
{
    /// <summary>No connection, or none that took the call: nothing has left the balancer.</summary>
    NotSent,

    /// <summary>The target said that it has not processed it.</summary>
    Refused,

    /// <summary>The target reset the stream, or its connection with a code.</summary>
    Reset,

    /// <summary>The connection broke; what the target has done with the call is not known.</summary>
    ConnectionLost,

    /// <summary>The target answered with something that is no response.</summary>
    Invalid,

    /// <summary>The target was deregistered, and the time that its calls had to end is over.</summary>
    Expired,

    /// <summary>The target had not answered when the time for one attempt was over.</summary>
    TimedOut,

    /// <summary>The target answered, but another one may do better.</summary>
    Answered,
}

/// <summary>Why an attempt failed.</summary>
/// <param name="Kind">How far it came.</param>
/// <param name="Code">The target's code, for <see cref="FailureKind.Reset"/>.</param>
/// <param name="Reason">For people, without the target's name.</param>
internal sealed record AttemptFailure(FailureKind Kind, Http2ErrorCode Code, string Reason)
{
    /// <summary>The one of <see cref="FailureKind.Expired"/>.</summary>
    public static readonly AttemptFailure OfExpiry = new(FailureKind.Expired, default, "was deregistered, and the time that its calls had to end is over");

    /// <summary>Whether the call may be sent again without being carried out twice (gRFC A6, transparent retries).</summary>
    public bool IsSafeToRepeat => Kind is FailureKind.NotSent or FailureKind.Refused;

    /// <summary>Whether it speaks against the target as a whole.</summary>
    public bool IsOfConnection => Kind is FailureKind.NotSent or FailureKind.ConnectionLost;

    /// <summary>The same for those who judge targets.</summary>
    public OutcomeKind Outcome => Kind switch
    {
        FailureKind.NotSent => OutcomeKind.NotConnected,
        FailureKind.Refused => OutcomeKind.Refused,
        FailureKind.Reset => OutcomeKind.Reset,
        FailureKind.ConnectionLost => OutcomeKind.ConnectionLost,
        FailureKind.Expired => OutcomeKind.Abandoned,
        FailureKind.TimedOut => OutcomeKind.TimedOut,
        FailureKind.Answered => OutcomeKind.Answered,
        _ => OutcomeKind.Invalid,
    };

    /// <summary>How the call ends that is not tried again.</summary>
    public ExchangeEnd End => Kind switch
    {
        FailureKind.Reset => ExchangeEnd.TargetReset,
        FailureKind.Invalid => ExchangeEnd.TargetInvalid,
        FailureKind.TimedOut => ExchangeEnd.Deadline,
        _ => ExchangeEnd.TargetLost,
    };

    /// <summary>The code to reset the client's stream with once a response has begun; null where trailers may end it.</summary>
    public Http2ErrorCode? ResetCode => Kind switch
    {
        FailureKind.Reset => Code,
        FailureKind.Invalid => Http2ErrorCode.InternalError,
        _ => null,
    };

    /// <summary>The status for the client when nobody else can take the call.</summary>
    public GrpcStatus Status => Kind switch
    {
        FailureKind.Reset => GrpcProtocol.StatusOf(Code),
        FailureKind.Invalid => GrpcStatus.Internal,
        FailureKind.TimedOut => GrpcStatus.DeadlineExceeded,
        _ => GrpcStatus.Unavailable,
    };
}
