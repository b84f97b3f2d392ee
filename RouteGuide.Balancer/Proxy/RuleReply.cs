using System.Text;
using RouteGuide.Balancer.Proxy.Http1;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Balancer.Proxy;

/// <summary>What a rule answers itself. To a gRPC request it is trailers-only, with the status that clients make of the HTTP code, or they would see only that.</summary>
/// <param name="HttpStatus">Of HTTP; of a gRPC answer that which its own status stands for.</param>
/// <param name="ContentType">Of the body.</param>
/// <param name="Body">May be empty.</param>
/// <param name="Location">Of a redirect; else null.</param>
internal sealed record RuleReply(int HttpStatus, string ContentType, string Body, string? Location)
{
    private static readonly HeaderEntry ServerField = new("server", LocalReply.Server);

    /// <summary>Of gRPC: what its clients make of the HTTP status (gRPC's http-grpc-status-mapping).</summary>
    public GrpcStatus GrpcStatus => HttpStatus switch
    {
        StatusCodes.Status400BadRequest => GrpcStatus.Internal,
        StatusCodes.Status401Unauthorized => GrpcStatus.Unauthenticated,
        StatusCodes.Status403Forbidden => GrpcStatus.PermissionDenied,
        StatusCodes.Status404NotFound => GrpcStatus.Unimplemented,
        StatusCodes.Status429TooManyRequests or StatusCodes.Status502BadGateway or StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout => GrpcStatus.Unavailable,
        _ => GrpcStatus.Unknown,
    };

    /// <summary>The answer of a rule that does not forward.</summary>
    /// <param name="action">Its action.</param>
    /// <param name="isTls">The request came over TLS.</param>
    /// <param name="headers">Of the request, with names in lower case.</param>
    public static RuleReply Of(RuleAction action, bool isTls, HeaderList headers)
    {
        if (action is FixedResponseAction fixedResponse) return new RuleReply(fixedResponse.Status, fixedResponse.ContentType, fixedResponse.Body, null);
        var redirect = (RedirectAction)action;
        var authority = headers.IndexOf(KnownHeader.Authority) is >= 0 and var at ? at : headers.IndexOf(KnownHeader.Host);
        var location = redirect.Location(isTls, authority < 0 ? default : headers.Value(authority), headers.Value(headers.IndexOf(KnownHeader.Path)));
        return new RuleReply(redirect.Status, "text/plain; charset=utf-8", "", location);
    }

    /// <summary>Answers a request of HTTP/2.</summary>
    public void Write(Http2Connection connection, Http2Stream stream, HeaderList scratch, in RequestKind kind, CallNotes notes)
    {
        if (kind.IsGrpc)
        {
            LocalReply.WriteGrpc(connection, stream, scratch, GrpcStatus, Location is null ? Body : $"the balancer redirects this call to {Location}", notes);
            return;
        }

        scratch.Clear();
        scratch.Add(":status"u8, Encoding.ASCII.GetBytes($"{HttpStatus}"));
        scratch.Add(ServerField);
        if (Location is not null) scratch.Add("location"u8, Encoding.ASCII.GetBytes(Location));
        var body = Encoding.UTF8.GetBytes(Body);
        if (body.Length > 0) scratch.Add("content-type"u8, Encoding.ASCII.GetBytes(ContentType));
        // RFC 9110 section 8.6
        if (HttpStatus != StatusCodes.Status204NoContent) scratch.Add("content-length"u8, Encoding.ASCII.GetBytes($"{body.Length}"));
        var ends = body.Length == 0 || kind.IsHead;
        notes.OnFields(scratch);
        if (!ends) notes.OnLocalBody(body.Length);
        connection.SendHeaders(stream, scratch, endStream: ends);
        if (!ends) connection.SendData(stream, body, endStream: true);
    }

    /// <summary>Answers a request of HTTP/1.</summary>
    public Task Write(HttpContext context)
    {
        if (Location is not null) context.Response.Headers.Location = Location;
        return HttpReply.Write(context, HttpStatus, ContentType, Encoding.UTF8.GetBytes(Body));
    }
}
