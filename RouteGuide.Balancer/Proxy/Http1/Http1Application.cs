using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>What becomes of an HTTP/1 request: answered here, refused, or carried to a target.</summary>
internal sealed class Http1Application(HttpRelay relay) : IHttpApplication<HttpContext>
{
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // Nothing is held beyond the request.
    }

    public Task ProcessRequestAsync(HttpContext context)
    {
        var origin = context.Features.GetRequiredFeature<ClientOrigin>();
        var method = context.Request.Method;
        var target = RequestTarget.Of(context);
        if (RequestTarget.IsHealth(method, target)) return HttpReply.Write(context, StatusCodes.Status200OK, "Healthy");
        if (method is "TRACE" or "CONNECT" || target is not ['/', ..])
        {
            return Refuse(context, origin, StatusCodes.Status405MethodNotAllowed, $"this balancer does not carry {method} requests for {target}");
        }

        // Who sends such a thing may mean something by what follows it, too.
        if (!RequestTarget.IsClean(target)) return Refuse(context, origin, StatusCodes.Status400BadRequest, RequestTarget.NotClean, closes: true);

        var isGrpc = GrpcProtocol.IsGrpc(Encoding.Latin1.GetBytes(context.Request.ContentType ?? ""));
        var group = relay.Routes.Choose(Encoding.ASCII.GetBytes(target), isGrpc);
        if (group.Group.WhyNot(cameAsHttp2: false, isGrpc, method == "POST") is { } reason) return Refuse(context, origin, LocalReply.VersionMismatch, reason);
        return relay.Carry(context, origin, group, target);
    }

    private Task Refuse(HttpContext context, ClientOrigin origin, int status, string message, bool closes = false)
    {
        var notes = new CallNotes();
        notes.OnLocalEnd(status, message);
        var now = relay.Time.GetTimestamp();
        relay.Report(new ExchangeReport
        {
            Client = origin,
            Type = CallTypes.Of(isHttp2: false, isGrpc: false, origin.IsTls),
            Fields = context.Request.Headers,
            Method = context.Request.Method,
            Path = RequestTarget.Of(context),
            Notes = notes,
            End = ExchangeEnd.Refused,
            HttpStatus = status,
            StartedAt = now,
            EndedAt = now,
        });
        return HttpReply.Write(context, status, message, closes);
    }
}
