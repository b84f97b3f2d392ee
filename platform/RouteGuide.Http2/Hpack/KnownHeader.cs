namespace RouteGuide.Http2.Hpack;

/// <summary>The field names that some rule asks about, so that names are compared once, where a field is read.</summary>
internal enum KnownHeader : byte
{
    Other,

    // Pseudo-header fields (RFC 9113 section 8.3); UnknownPseudo is any other name that begins with a colon.
    Authority,
    Method,
    Path,
    Scheme,
    Status,
    Protocol,
    UnknownPseudo,

    // Connection-specific fields (section 8.2.2).
    Connection,
    KeepAlive,
    ProxyConnection,
    TransferEncoding,
    Upgrade,
    Te,

    ContentLength,
    ContentType,
    Host,
    Cookie,
    Authorization,
    UserAgent,
    Server,
    Date,
    Expect,
    GrpcStatus,
    GrpcMessage,
    GrpcTimeout,
    GrpcEncoding,
    GrpcAcceptEncoding,
    GrpcPreviousRpcAttempts,
    GrpcRetryPushback,
    TraceParent,
    TraceState,
    XForwardedFor,
    XForwardedProto,
    XForwardedPort,
    XRequestId,

    /// <summary>Any name that begins with <c>x-amzn-mtls-</c>: what a balancer says of a client's certificate, and nobody else may.</summary>
    ClientCertificate,
}
