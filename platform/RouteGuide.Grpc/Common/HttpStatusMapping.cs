using Grpc.Core;

namespace Grpc.Internal;

/// <summary>What an HTTP status means when a reply carries no <c>grpc-status</c> ("HTTP to gRPC Status Code Mapping").</summary>
internal static class HttpStatusMapping
{
    public static StatusCode ToStatusCode(int httpStatus) => httpStatus switch
    {
        >= 100 and < 200 or 400 or 431 => StatusCode.Internal,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.Unimplemented,
        429 or 502 or 503 or 504 => StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };
}
