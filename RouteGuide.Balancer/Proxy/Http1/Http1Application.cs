using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>What becomes of an HTTP/1 request: answered here, refused, or carried to a target.</summary>
internal sealed class Http1Application(HttpRelay relay) : IHttpApplication<HttpContext>
{
    public HttpContext CreateContext(IFeatureCollection contextFeatures)
    {
        contextFeatures.GetRequiredFeature<RequestMark>().IsSet = true;
        return new DefaultHttpContext(contextFeatures);
    }

    public void DisposeContext(HttpContext context, Exception? exception) => context.Features.GetRequiredFeature<RequestMark>().IsSet = false;

    /// <summary>Kestrel has refused what a client sent, as it is no request. Any thread.</summary>
    public void OnRefused(ClientOrigin origin, BadHttpRequestException reason)
    {
        var notes = new CallNotes();
        notes.OnLocalEnd(reason.StatusCode, reason.Message);
        var now = relay.Time.GetTimestamp();
        relay.Report(new ExchangeReport
        {
            Client = origin,
            Type = CallTypes.Of(isHttp2: false, isGrpc: false, origin.IsTls),
            Method = "",
            Path = "",
            Notes = notes,
            End = ExchangeEnd.Refused,
            HttpStatus = reason.StatusCode,
            StartedAt = now,
            EndedAt = now,
        });
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

    private async Task Answer(HttpContext context, ClientOrigin origin, Rule rule, RuleReply reply)
    {
        try
        {
            await reply.Write(context);
        }
        finally
        {
            Report(context, origin, ExchangeEnd.ByRule, reply.HttpStatus, reply.Location ?? reply.Body, rule, reply.Location);
        }
    }

    private async Task Refuse(HttpContext context, ClientOrigin origin, int status, string message, bool closes = false, Rule? rule = null)
    {
        try
        {
            await HttpReply.Write(context, status, message, closes);
        }
        finally
        {
            Report(context, origin, ExchangeEnd.Refused, status, message, rule, null);
        }
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
            ResponseFields = context.Response.Headers,
            ResponseBytes = HttpMethods.IsHead(context.Request.Method) ? 0 : context.Response.ContentLength ?? 0,
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
