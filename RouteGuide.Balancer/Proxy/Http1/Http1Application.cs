using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;

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
        var routes = context.Features.GetRequiredFeature<ProxyListener>().Routes;
        var headers = routes.Only is { IsForward: true, IsSticky: false } ? null : RequestList.Of(context, target);
        var rule = routes.Only ?? routes.Choose(new RequestView(headers!, origin.Remote.Address, isGrpc));
        relay.OnEvaluations(rule.Position);
        if (!rule.IsForward) return Answer(context, origin, rule.Rule, RuleReply.Of(rule.Rule.Action, origin.IsTls, headers!));
        var route = rule.Route(headers, Random.Shared);
        if (route.Group.Group.WhyNot(cameAsHttp2: false, isGrpc, method == "POST") is { } reason) return Refuse(context, origin, LocalReply.VersionMismatch, reason, rule: rule.Rule);
        return relay.Carry(context, origin, in route, target);
    }

    private Task Answer(HttpContext context, ClientOrigin origin, Rule rule, RuleReply reply)
    {
        Report(context, origin, ExchangeEnd.ByRule, reply.HttpStatus, reply.Location ?? reply.Body, rule, reply.Location);
        return reply.Write(context);
    }

    private Task Refuse(HttpContext context, ClientOrigin origin, int status, string message, bool closes = false, Rule? rule = null)
    {
        Report(context, origin, ExchangeEnd.Refused, status, message, rule, null);
        return HttpReply.Write(context, status, message, closes);
    }

    private void Report(HttpContext context, ClientOrigin origin, ExchangeEnd end, int status, string message, Rule? rule, string? location)
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
            Rule = rule,
            Location = location,
            Notes = notes,
            End = end,
            HttpStatus = status,
            StartedAt = now,
            EndedAt = now,
        });
    }
}
