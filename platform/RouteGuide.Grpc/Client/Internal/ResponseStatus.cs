using System.Globalization;
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
    public static bool EndsCall(CallExchange response, out Status status, out bool isTrailersOnly)
    {
        // A gRPC status wins over everything else: whoever writes it knows more than the HTTP status in front can say.
        isTrailersOnly = TryReadGrpcStatus(response.Headers, out status);
        if (isTrailersOnly) return true;

        if (response.HttpVersion < System.Net.HttpVersion.Version20)
        {
            status = new Status(StatusCode.Internal, $"{Bad} Response protocol downgraded to HTTP/{response.HttpVersion}.");
            return true;
        }

        if (response.HttpStatus != 200)
        {
            status = new Status(HttpStatusMapping.ToStatusCode(response.HttpStatus), $"{Bad} HTTP status code: {response.HttpStatus}");
            return true;
        }

        if (response.ContentType is not { } contentType)
        {
            status = new Status(StatusCode.Cancelled, $"{Bad} Response did not have a content-type header.");
            return true;
        }

        if (!GrpcContentType.IsGrpc(contentType))
        {
            status = new Status(StatusCode.Cancelled, $"{Bad} Invalid content-type value: {contentType}");
            return true;
        }

        return false;
    }

    /// <summary>How the call ended, by the trailers after its messages.</summary>
    public static Status FromTrailers(in ResponseFields trailers) =>
        TryReadGrpcStatus(trailers, out var status) ? status : new Status(StatusCode.Cancelled, "No grpc-status found on response.");

    private static bool TryReadGrpcStatus(in ResponseFields headers, out Status status)
    {
        if (headers.Find(GrpcHeaders.Status) is not { } text)
        {
            status = default;
            return false;
        }

        var message = headers.Find(GrpcHeaders.Message) is { } encoded ? StatusMessage.Decode(encoded) : "";
        // Codes that are not in the enumeration are kept; what is not a number must never pass for success.
        status = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? new Status((StatusCode)code, message)
            : new Status(StatusCode.Cancelled, $"{Bad} Invalid grpc-status value: {text}");
        return true;
    }
}
