using RouteGuide.Balancer.Proxy;

namespace RouteGuide.Balancer.Control;

/// <summary>A refusal of the registry's: gRPC requests get a status as trailers-only, all others the HTTP code with a line of text.</summary>
internal static class RegistryReply
{
    /// <summary>Answers in the language of the request. The response must not have started.</summary>
    public static Task Write(HttpContext context, GrpcStatus status, int httpStatus, string message)
    {
        var response = context.Response;
        response.Headers.Clear();
        response.Headers.Server = LocalReply.Server;
        if (context.Request.ContentType is { } type && GrpcProtocol.IsGrpc(System.Text.Encoding.Latin1.GetBytes(type)))
        {
            response.StatusCode = StatusCodes.Status200OK;
            response.Headers.ContentType = "application/grpc";
            response.Headers["grpc-status"] = GrpcProtocol.TextOf(status);
            response.Headers["grpc-message"] = GrpcProtocol.EncodeMessage(message);
            return Task.CompletedTask;
        }

        response.StatusCode = httpStatus;
        response.Headers.ContentType = "text/plain; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        return response.WriteAsync(message + "\n");
    }
}
