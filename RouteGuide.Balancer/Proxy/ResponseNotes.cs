using RouteGuide.Balancer.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>What an exchange has to know of a response's headers or trailers; of those that keep coming it is found out once.</summary>
/// <param name="HttpStatus">0 in trailers.</param>
/// <param name="HasLength">There is a <c>content-length</c>.</param>
/// <param name="GrpcStatus">As it stands there; null if it does not.</param>
internal sealed record ResponseNotes(int HttpStatus, bool HasLength, string? GrpcStatus)
{
    public static ResponseNotes? Known(HeaderList headers) => headers.Frozen?.Derived as ResponseNotes;

    /// <summary>Keeps what was found out, if the list stays.</summary>
    public static void Keep(HeaderList headers, int httpStatus, bool hasLength, string? grpcStatus)
    {
        if (headers.Frozen is { } frozen) frozen.Derived = new ResponseNotes(httpStatus, hasLength, grpcStatus);
    }
}
