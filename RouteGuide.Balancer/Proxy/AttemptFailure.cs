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
}

/// <summary>Why an attempt failed.</summary>
/// <param name="Kind">How far it came.</param>
/// <param name="Code">The target's code, for <see cref="FailureKind.Reset"/>.</param>
/// <param name="Reason">For people, without the target's name.</param>
internal sealed record AttemptFailure(FailureKind Kind, Http2ErrorCode Code, string Reason)
{
    /// <summary>Whether the call may be sent again without being carried out twice (gRFC A6, transparent retries).</summary>
    public bool IsSafeToRepeat => Kind is FailureKind.NotSent or FailureKind.Refused;

    /// <summary>Whether it speaks against the target as a whole.</summary>
    public bool IsOfConnection => Kind is FailureKind.NotSent or FailureKind.ConnectionLost;

    /// <summary>The status for the client when nobody else can take the call.</summary>
    public GrpcStatus Status => Kind switch
    {
        FailureKind.Reset => GrpcProtocol.StatusOf(Code),
        FailureKind.Invalid => GrpcStatus.Internal,
        _ => GrpcStatus.Unavailable,
    };

    /// <summary>Reads what SocketsHttpHandler made of it.</summary>
    public static AttemptFailure Of(Exception exception, AttemptMessage message)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case AttemptRefusedException:
                case HttpProtocolException { ErrorCode: (long)Http2ErrorCode.RefusedStream }:
                    return new AttemptFailure(FailureKind.Refused, Http2ErrorCode.RefusedStream, "refused the call before processing it");
                // What remains of a connection that GOAWAY had announced the end of; only its text tells it from a stream's own reset.
                case HttpProtocolException { ErrorCode: (long)Http2ErrorCode.NoError } closed when closed.Message.Contains("closed the connection", StringComparison.Ordinal):
                    return new AttemptFailure(FailureKind.ConnectionLost, default, "closed the connection during the call");
                case HttpProtocolException { HttpRequestError: HttpRequestError.HttpProtocolError } reset when message.Sent:
                    return new AttemptFailure(FailureKind.Reset, (Http2ErrorCode)reset.ErrorCode, $"reset the call with {(Http2ErrorCode)reset.ErrorCode}");
                case HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } invalid:
                    return new AttemptFailure(FailureKind.Invalid, default, $"answered with what is no response: {invalid.Message}");
            }
        }

        var reason = exception.GetBaseException().Message;
        return message.Sent
            ? new AttemptFailure(FailureKind.ConnectionLost, default, $"lost the connection during the call: {reason}")
            : new AttemptFailure(FailureKind.NotSent, default, $"cannot be reached: {reason}");
    }
}
