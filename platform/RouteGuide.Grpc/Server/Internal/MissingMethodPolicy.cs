using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>On the endpoints that answer for methods and services that are not there.</summary>
internal sealed class MissingMethodMetadata
{
    public static readonly MissingMethodMetadata Instance = new();
}

/// <summary>
/// Keeps the endpoints for missing methods out of the way of those that exist. A path of two segments fits both; left to
/// itself, routing would take the path of every call apart for endpoints that cannot win. Decided when the routes are built:
/// what may be a call looks at methods only, everything else looks past them and finds nothing rather than a wrong HTTP method.
/// </summary>
internal sealed class MissingMethodPolicy : MatcherPolicy, INodeBuilderPolicy
{
    private const int BeforeHttpMethods = -2000;

    private enum Traffic
    {
        Calls,
        Other,
    }

    public override int Order => BeforeHttpMethods;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(IsMissing) && endpoints.Any(IsMethod);

    public IReadOnlyList<PolicyNodeEdge> GetEdges(IReadOnlyList<Endpoint> endpoints) =>
    [
        new PolicyNodeEdge(Traffic.Calls, [.. endpoints.Where(e => !IsMissing(e))]),
        new PolicyNodeEdge(Traffic.Other, [.. endpoints.Where(e => !IsMethod(e))]),
    ];

    public PolicyJumpTable BuildJumpTable(int exitDestination, IReadOnlyList<PolicyJumpTableEdge> edges) => new JumpTable(
        edges.Where(e => e.State is Traffic.Calls).Select(e => e.Destination).FirstOrDefault(exitDestination),
        edges.Where(e => e.State is Traffic.Other).Select(e => e.Destination).FirstOrDefault(exitDestination));

    /// <summary>Whether the request may be meant for a method: a POST, or a browser's question whether it may be made.</summary>
    public static bool IsForMethods(HttpRequest request) =>
        HttpMethods.IsPost(request.Method)
        || (HttpMethods.IsOptions(request.Method) && request.Headers.ContainsKey("Access-Control-Request-Method"));

    private static bool IsMissing(Endpoint endpoint) => endpoint.Metadata.GetMetadata<MissingMethodMetadata>() is not null;

    private static bool IsMethod(Endpoint endpoint) => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is not null;

    private sealed class JumpTable(int calls, int other) : PolicyJumpTable
    {
        public override int GetDestination(HttpContext httpContext) => IsForMethods(httpContext.Request) ? calls : other;
    }
}
