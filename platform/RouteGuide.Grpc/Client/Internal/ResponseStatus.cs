using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal;

/// <summary>The status that an HTTP response stands for (gRPC over HTTP/2, "Responses"; doc/http-grpc-status-mapping).</summary>
internal static class ResponseStatus
{
    private const string Bad = "Bad gRPC response.";

    /// <summary>Whether the headers end the call; <paramref name="status"/> says how. Otherwise messages follow.</summary>
    /// <param name="response">The response.</param>
    /// <param name="status">How the call ended.</param>
    /// <param name="isTrailersOnly">Whether the server said so itself, in headers that are trailers at the same time.</param>
    public static bool EndsCall(HttpResponseMessage response, out Status status, out bool isTrailersOnly)
    {
        // A gRPC status wins over everything else: whoever writes it knows more than the HTTP status in front can say.
        isTrailersOnly = TryReadGrpcStatus(response.Headers, out status);
        if (isTrailersOnly) return true;

        if (response.Version < HttpVersion.Version20)
        {
            status = new Status(StatusCode.Internal, $"{Bad} Response protocol downgraded to HTTP/{response.Version}.");
            return true;
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            status = new Status(FromHttpStatus((int)response.StatusCode), $"{Bad} HTTP status code: {(int)response.StatusCode}");
            return true;
        }

        if (!response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var contentType))
        {
            status = new Status(StatusCode.Cancelled, $"{Bad} Response did not have a content-type header.");
            return true;
        }

        if (!GrpcContentType.IsGrpc(contentType.ToString()))
        {
            status = new Status(StatusCode.Cancelled, $"{Bad} Invalid content-type value: {contentType}");
            return true;
        }

        return false;
    }

    /// <summary>How the call ended, by the trailers after its messages.</summary>
    public static Status FromTrailers(HttpHeaders trailers) =>
        TryReadGrpcStatus(trailers, out var status) ? status : new Status(StatusCode.Cancelled, "No grpc-status found on response.");

    private static bool TryReadGrpcStatus(HttpHeaders headers, out Status status)
    {
        var values = headers.NonValidated;
        if (!values.TryGetValues(GrpcHeaders.Status, out var text))
        {
            status = default;
            return false;
        }

        var message = values.TryGetValues(GrpcHeaders.Message, out var encoded) ? StatusMessage.Decode(encoded.ToString()) : "";
        // Codes that are not in the enumeration are kept; what is not a number must never pass for success.
        status = int.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? new Status((StatusCode)code, message)
            : new Status(StatusCode.Cancelled, $"{Bad} Invalid grpc-status value: {text}");
        return true;
    }

    private static StatusCode FromHttpStatus(int status) => status switch
    {
        400 or 431 => StatusCode.Internal,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.Unimplemented,
        429 or 502 or 503 or 504 => StatusCode.Unavailable,
        >= 100 and < 200 => StatusCode.Internal,
        _ => StatusCode.Unknown,
    };
}
