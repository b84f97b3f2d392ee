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
    public static async Task Write(HttpContext context, int status, string message, bool closes = false, long retryMs = 0)
    {
        var response = context.Response;
        response.Clear();
        response.StatusCode = status;
        response.Headers.Server = LocalReply.Server;
        response.Headers.CacheControl = "no-store";
        if (retryMs > 0) response.Headers.RetryAfter = LocalReply.RetryAfter(retryMs);
        if (closes) response.Headers.Connection = "close";
        response.ContentType = "text/plain; charset=utf-8";
        var body = Encoding.UTF8.GetBytes(message + "\n");
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.StartAsync(context.RequestAborted);
            await response.BodyWriter.WriteAsync(body, context.RequestAborted);
        }

        await response.CompleteAsync();
    }
}
