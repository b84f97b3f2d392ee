using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>What an exchange has to know of a response's headers or trailers.</summary>
/// <param name="HttpStatus">0 in trailers.</param>
/// <param name="HasLength">There is a <c>content-length</c>.</param>
/// <param name="GrpcStatus">As it stands there; null if it does not.</param>
/// <param name="GrpcCode">The same as a number; -1 if it is missing or none.</param>
internal readonly record struct ResponseNotes(int HttpStatus, bool HasLength, string? GrpcStatus, int GrpcCode)
{
    /// <summary>Finds it out; of lists that keep coming once.</summary>
    public static ResponseNotes Of(HeaderList headers, bool isTrailers)
    {
        if (headers.Frozen is not { } frozen) return Read(headers, isTrailers);
        if (frozen.Derived is Kept kept) return kept.Notes;
        var notes = Read(headers, isTrailers);
        frozen.Derived = new Kept(notes);
        return notes;
    }

    private static ResponseNotes Read(HeaderList headers, bool isTrailers)
    {
        var grpc = headers.IndexOf(KnownHeader.GrpcStatus);
        var code = grpc >= 0 ? GrpcProtocol.CodeOf(headers.Value(grpc)) : -1;
        var text = grpc >= 0 ? GrpcProtocol.TextOf(headers.Value(grpc), code) : null;
        if (isTrailers) return new ResponseNotes(0, false, text, code);
        // The rules have checked that it is there, with three digits.
        var status = headers.Value(headers.IndexOf(KnownHeader.Status));
        return new ResponseNotes((status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0'), headers.IndexOf(KnownHeader.ContentLength) >= 0, text, code);
    }

    private sealed record Kept(ResponseNotes Notes);
}
