using Grpc.Core;
using Grpc.Internal;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Turns away requests that are not gRPC, before anything else is done for them.</summary>
internal static class RequestValidation
{
    /// <summary>False if the request was answered: it is not gRPC.</summary>
    public static bool Accept(HttpContext http)
    {
        var contentType = http.Request.Headers.ContentType.ToString();
        if (!GrpcContentType.IsGrpc(contentType))
        {
            Refuse(http, StatusCodes.Status415UnsupportedMediaType, contentType.Length == 0
                ? "Content-Type is missing from the request."
                : $"Content-Type '{contentType}' is not supported.");
            return false;
        }

        var protocol = http.Request.Protocol;
        if (!HttpProtocol.IsHttp2(protocol) && !HttpProtocol.IsHttp3(protocol))
        {
            // RFC 9110, 15.5.22: a reply of 426 names the protocol to use.
            http.Response.Headers.Upgrade = "HTTP/2";
            Refuse(http, StatusCodes.Status426UpgradeRequired, $"Request protocol '{protocol}' is not supported.");
            return false;
        }

        return true;
    }

    private static void Refuse(HttpContext http, int httpStatus, string message)
    {
        http.Response.StatusCode = httpStatus;
        StatusWriter.Write(http.Response.Headers, new Status(StatusCode.Internal, message));
    }
}
