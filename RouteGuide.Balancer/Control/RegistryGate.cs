using RouteGuide.Balancer.Proxy;

namespace RouteGuide.Balancer.Control;

/// <summary>Lets nobody near the registry who does not show the shared key: <c>authorization: Bearer &lt;key&gt;</c>.</summary>
internal sealed class RegistryGate(RegistryOptions options)
{
    private readonly BearerKey _key = new(options.Key);

    public Task Handle(HttpContext context, RequestDelegate next)
    {
        if (!_key.IsSet) return Refuse(context, "this balancer has no registry key: set REGISTRY_KEY for it and for its replicas");
        return _key.Admits(context.Request.Headers.Authorization)
            ? next(context)
            : Refuse(context, "the registry needs 'authorization: Bearer <key>' with the key of REGISTRY_KEY");
    }

    private static Task Refuse(HttpContext context, string message) =>
        RegistryReply.Write(context, GrpcStatus.Unauthenticated, StatusCodes.Status401Unauthorized, message);
}
