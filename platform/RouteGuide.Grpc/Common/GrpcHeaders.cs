namespace Grpc.Internal;

/// <summary>Names of the headers and trailers that belong to the protocol, lower case as HTTP/2 sends them.</summary>
internal static class GrpcHeaders
{
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Timeout = "grpc-timeout";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";
    public const string StatusDetails = "grpc-status-details-bin";
    public const string PreviousAttempts = "grpc-previous-rpc-attempts";
    public const string RetryPushback = "grpc-retry-pushback-ms";

    /// <summary>Never on the wire: an application's metadata entry of this name picks the compression of what it sends.</summary>
    public const string InternalEncodingRequest = "grpc-internal-encoding-request";

    /// <summary>The end of the names whose values are base64.</summary>
    public const string BinarySuffix = "-bin";
}
