using Microsoft.AspNetCore.Http.Features;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// What stands behind the clients' listeners: the health page of the balancer itself, and for everything else an <see cref="Exchange"/>.
/// Also the targets' own health services are reached through it, as clients expect of a proxy.
/// </summary>
internal sealed class Front(ExchangeContext shared, IExchangeLog log)
{
    public const string HealthPath = "/health";

    public Task Handle(HttpContext context)
    {
        var request = context.Request;
        if (request.Path.Equals(HealthPath, StringComparison.Ordinal) && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)))
        {
            return LocalReply.WriteText(context, StatusCodes.Status200OK, "Healthy");
        }

        if (!HttpProtocol.IsHttp2(request.Protocol)) return RefuseVersion(context);

        var path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (HttpMethods.IsConnect(request.Method) || HttpMethods.IsTrace(request.Method) || !path.StartsWith('/'))
        {
            return Refuse(context, GrpcStatus.Unimplemented, StatusCodes.Status405MethodNotAllowed, $"this balancer does not carry {request.Method} requests for {path}");
        }

        return RequestFields.FindUnsafe(request.Headers) is { } field
            ? Refuse(context, GrpcStatus.InvalidArgument, StatusCodes.Status400BadRequest, $"the header field '{field}' holds a control character")
            : Relay(context);
    }

    private async Task Relay(HttpContext context)
    {
        var report = await new Exchange(context, shared).Run();
        log.Write(report);
    }

    // RFC 9110 section 15.5.22: the answer names what is spoken here.
    private Task RefuseVersion(HttpContext context)
    {
        var reply = LocalReply.WriteText(context, StatusCodes.Status426UpgradeRequired, $"calls are carried over HTTP/2 only; this one came as {context.Request.Protocol}", ("Upgrade", "HTTP/2.0"), ("Connection", "Upgrade"));
        log.Write(new ExchangeReport { Context = context, End = ExchangeEnd.Refused });
        return reply;
    }

    private Task Refuse(HttpContext context, GrpcStatus status, int httpStatus, string message)
    {
        var reply = LocalReply.Write(context, status, httpStatus, message);
        log.Write(new ExchangeReport { Context = context, End = ExchangeEnd.Refused, GrpcStatus = GrpcProtocol.IsGrpc(context.Request.ContentType) ? LocalReply.Text(status) : null });
        return reply;
    }
}
