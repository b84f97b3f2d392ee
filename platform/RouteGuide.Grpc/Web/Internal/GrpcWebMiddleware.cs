using Grpc.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Web.Internal;

/// <summary>
/// Makes gRPC of gRPC-Web for what comes behind it: 1. the media type becomes gRPC's, and a body of base64 bytes; 2. the handler sees HTTP/2,
/// whatever the browser speaks; 3. trailers, which browsers cannot read, become a last frame of the body; 4. the media type of the response
/// becomes gRPC-Web's.
/// </summary>
internal sealed class GrpcWebMiddleware(RequestDelegate next, GrpcWebOptions options)
{
    public Task InvokeAsync(HttpContext http) =>
        HttpMethods.IsPost(http.Request.Method) && GrpcWebContentType.TryParse(http.Request.ContentType, out var isText, out var suffix) && IsEnabled(http)
            ? ServeAsync(http, isText, suffix)
            : next(http);

    private bool IsEnabled(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<IGrpcWebEnabledMetadata>()?.GrpcWebEnabled ?? options.DefaultEnabled;

    private async Task ServeAsync(HttpContext http, bool isText, string suffix)
    {
        var protocol = http.Request.Protocol;
        var contentType = http.Request.ContentType;
        var requestBody = http.Request.Body;
        var responseBody = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        var trailers = http.Features.Get<IHttpResponseTrailersFeature>();
        var reset = http.Features.Get<IHttpResetFeature>();

        var answersText = AnswersText(http.Request, isText);
        await using var response = new GrpcWebResponse(http, responseBody, answersText);
        http.Features.Set<IHttpResponseBodyFeature>(response);
        http.Features.Set<IHttpResponseTrailersFeature>(response);
        if (reset is null) http.Features.Set<IHttpResetFeature>(response);
        http.Request.ContentType = GrpcContentType.Value + suffix;
        http.Request.Protocol = HttpProtocol.Http2;
        if (isText) http.Request.Body = new Base64RequestStream(requestBody);
        http.Response.OnStarting(static state =>
        {
            var (response, answer) = ((HttpResponse, string))state;
            // What is no gRPC, a refusal of other middleware, keeps its type.
            if (GrpcContentType.IsGrpc(response.ContentType)) response.ContentType = answer;
            return Task.CompletedTask;
        }, (http.Response, (answersText ? GrpcWebContentType.Text : GrpcWebContentType.Binary) + Codec(suffix)));

        try
        {
            await next(http);
            await response.FinishAsync();
        }
        finally
        {
            http.Features.Set(responseBody);
            http.Features.Set(trailers);
            http.Features.Set(reset);
            http.Request.Body = requestBody;
            http.Request.Protocol = protocol;
            http.Request.ContentType = contentType;
        }
    }

    // A caller may send bytes and want text, if its own runtime can read streams only as text.
    private static bool AnswersText(HttpRequest request, bool isText)
    {
        foreach (var accepted in request.Headers.Accept.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries)))
        {
            if (GrpcWebContentType.TryParse(accepted, out var wantsText, out _)) return wantsText;
        }

        return isText;
    }

    private static string Codec(string suffix)
    {
        var end = suffix.IndexOf(';', StringComparison.Ordinal);
        return end < 0 ? suffix : suffix[..end].TrimEnd();
    }
}
