using System.Text;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>An answer of the balancer's own: a line of text. <see cref="LocalReply"/> is the same in frames.</summary>
internal static class HttpReply
{
    /// <summary>Answers; the response must not have started.</summary>
    /// <param name="context">Request and response.</param>
    /// <param name="status">Of HTTP.</param>
    /// <param name="message">For people.</param>
    /// <param name="closes">The connection is of no use after it.</param>
    /// <param name="retryMs">Milliseconds after which the client may come again; 0 says nothing of it.</param>
    public static Task Write(HttpContext context, int status, string message, bool closes = false, long retryMs = 0)
    {
        context.Response.Clear();
        context.Response.Headers.CacheControl = "no-store";
        if (retryMs > 0) context.Response.Headers.RetryAfter = LocalReply.RetryAfter(retryMs);
        if (closes) context.Response.Headers.Connection = "close";
        return Write(context, status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(message + "\n"));
    }

    /// <summary>Answers with fields that are there already and a body that may be empty; the response must not have started.</summary>
    public static async Task Write(HttpContext context, int status, string contentType, byte[] body)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.Headers.Server = LocalReply.Server;
        if (body.Length > 0) response.ContentType = contentType;
        // RFC 9110 section 8.6
        if (status != StatusCodes.Status204NoContent) response.ContentLength = body.Length;
        if (body.Length > 0 && !HttpMethods.IsHead(context.Request.Method))
        {
            await response.StartAsync(context.RequestAborted);
            await response.BodyWriter.WriteAsync(body, context.RequestAborted);
        }

        await response.CompleteAsync();
    }
}
