using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using RouteGuide.Balancer.Proxy;

namespace RouteGuide.Balancer.Control;

/// <summary>Lets nobody near the registry who does not show the shared key: <c>authorization: Bearer &lt;key&gt;</c>.</summary>
internal sealed class RegistryGate(RegistryOptions options)
{
    private const string Scheme = "Bearer ";

    // Hashes have one length, so that comparing them tells nothing about the key's.
    private readonly byte[]? _key = options.Key is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(options.Key));

    public Task Handle(HttpContext context, RequestDelegate next)
    {
        if (_key is null) return Refuse(context, "this balancer has no registry key: set REGISTRY_KEY for it and for its replicas");
        return Admits(context.Request.Headers.Authorization)
            ? next(context)
            : Refuse(context, "the registry needs 'authorization: Bearer <key>' with the key of REGISTRY_KEY");
    }

    private bool Admits(StringValues authorization) =>
        authorization.Count == 1
        && authorization[0] is { } value
        && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        // Header bytes come as Latin-1 characters; the key is compared as the bytes that it was sent as.
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.Latin1.GetBytes(value[Scheme.Length..])), _key);

    private static Task Refuse(HttpContext context, string message) =>
        RegistryReply.Write(context, GrpcStatus.Unauthenticated, StatusCodes.Status401Unauthorized, message);
}
