using Microsoft.Net.Http.Headers;

namespace RouteGuide.Balancer.Proxy;

/// <summary>An answer of the balancer's own. gRPC requests get a status as trailers-only, all others the HTTP code with a line of text.</summary>
internal static class LocalReply
{
    public const string Server = "routeguide-balancer";

    /// <summary>A status as it stands in <c>grpc-status</c>.</summary>
    public static string Text(GrpcStatus status) => ((int)status).ToString();

    /// <summary>Answers in the language of the request. The response must not have started.</summary>
    public static Task Write(HttpContext context, GrpcStatus status, int httpStatus, string message) =>
        GrpcProtocol.IsGrpc(context.Request.ContentType) ? WriteGrpc(context, status, message) : WriteText(context, httpStatus, message);

    /// <summary>200 and trailers-only: one HEADERS frame that ends the stream.</summary>
    public static Task WriteGrpc(HttpContext context, GrpcStatus status, string message)
    {
        var response = context.Response;
        response.Headers.Clear();
        response.StatusCode = StatusCodes.Status200OK;
        response.Headers.ContentType = GrpcProtocol.ContentType;
        response.Headers.Server = Server;
        response.Headers[GrpcProtocol.Status] = Text(status);
        response.Headers[GrpcProtocol.Message] = GrpcProtocol.EncodeMessage(message);
        return Task.CompletedTask;
    }

    /// <summary>A line of text.</summary>
    public static Task WriteText(HttpContext context, int httpStatus, string message, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var response = context.Response;
        response.Headers.Clear();
        response.StatusCode = httpStatus;
        response.Headers.Server = Server;
        response.Headers.ContentType = "text/plain; charset=utf-8";
        response.Headers[HeaderNames.CacheControl] = "no-store";
        foreach (var (name, value) in fields) response.Headers[name] = value;
        return response.WriteAsync(message + "\n");
    }
}
