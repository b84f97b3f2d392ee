using System.Text;
using Microsoft.AspNetCore.Http.Features;
using RouteGuide.Balancer.Routing;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>A client's request, as it goes on to a target of HTTP/1.1. What <see cref="RequestFields"/> is to HTTP/2.</summary>
internal static class RequestMessage
{
    private const string SetAside = "X-Content-Length";

    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <param name="context">The client's request.</param>
    /// <param name="origin">Where it came from.</param>
    /// <param name="address">Whom it goes to.</param>
    /// <param name="target">Path and query, clean.</param>
    /// <param name="traceParent">What the target is to see.</param>
    public static HttpRequestMessage Make(HttpContext context, ClientOrigin origin, TargetAddress address, string target, string traceParent)
    {
        var from = context.Request;
        var message = new HttpRequestMessage(new HttpMethod(from.Method), new Uri($"http://{address.Authority}{target}", in AsWritten))
        {
            Version = System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (from.ContentLength is not null || context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }) message.Content = new RequestContent(from.Body, from.ContentLength);
        AddFields(context, message);
        AddOrigin(from.Headers, message, origin);
        message.Headers.TryAddWithoutValidation("traceparent", traceParent);
        if (IsWebSocket(context))
        {
            message.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            message.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        }
        else if (from.Headers.TE == "trailers" && context.Features.Get<IHttpResponseTrailersFeature>() is not null)
        {
            message.Headers.TryAddWithoutValidation("TE", "trailers");
            message.Headers.TryAddWithoutValidation("Connection", "TE");
        }

        return message;
    }

    /// <summary>
    /// Whether the request had chunks and a length, which Kestrel sets aside under another name. Somebody may have tried to have it read
    /// in two ways: the connection is to end with it (RFC 9112 section 6.1).
    /// </summary>
    public static bool HasTwoLengths(IHeaderDictionary fields) => fields.TransferEncoding.Count > 0 && fields.ContainsKey(SetAside);

    /// <summary>Whether the connection is to become a WebSocket. Nothing else is upgraded to: h2c would carry requests past the balancer.</summary>
    public static bool IsWebSocket(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } && context.Request.Headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase);

    private static void AddFields(HttpContext context, HttpRequestMessage message)
    {
        var fields = context.Request.Headers;
        var hasTwoLengths = HasTwoLengths(fields);
        foreach (var (name, values) in fields)
        {
            if (HopByHop.Contains(name, fields.Connection) || IsOurs(name) || (hasTwoLengths && name.Equals(SetAside, StringComparison.OrdinalIgnoreCase))) continue;
            // One field to an HTTP/1.1 server, whatever crumbs HTTP/2 made of it (RFC 9113 section 8.2.3).
            string?[] all = name.Equals("Cookie", StringComparison.OrdinalIgnoreCase) ? [string.Join("; ", values.AsEnumerable())] : [.. values];
            if (message.Headers.TryAddWithoutValidation(name, all)) continue;
            // A field about the content, of a request that may have none.
            message.Content ??= new RequestContent(Stream.Null, 0);
            message.Content.Headers.TryAddWithoutValidation(name, all);
        }
    }

    // Made anew here, or a matter of the content, or nothing that a client may say.
    private static bool IsOurs(string name) => KnownHeaders.Find(Encoding.ASCII.GetBytes(name.ToLowerInvariant()))
        is KnownHeader.TraceParent or KnownHeader.XForwardedFor or KnownHeader.XForwardedProto or KnownHeader.XForwardedPort or KnownHeader.ContentLength or KnownHeader.ClientCertificate;

    private static void AddOrigin(IHeaderDictionary fields, HttpRequestMessage message, ClientOrigin origin)
    {
        var before = string.Join(",", fields["x-forwarded-for"].Where(v => !string.IsNullOrEmpty(v)));
        message.Headers.TryAddWithoutValidation("x-forwarded-for", before.Length > 0 ? $"{before}, {Text(origin.ForwardedFor)}" : Text(origin.ForwardedFor));
        message.Headers.TryAddWithoutValidation("x-forwarded-proto", Text(origin.ForwardedProto));
        message.Headers.TryAddWithoutValidation("x-forwarded-port", Text(origin.ForwardedPort));
        foreach (var field in origin.Certificate) message.Headers.TryAddWithoutValidation(Encoding.ASCII.GetString(field.Name), Text(field));
    }

    private static string Text(HeaderEntry field) => Encoding.ASCII.GetString(field.Value);
}
