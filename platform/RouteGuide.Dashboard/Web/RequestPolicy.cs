using Microsoft.AspNetCore.Routing.Matching;
using RouteGuide.Dashboard.Settings;

namespace RouteGuide.Dashboard.Web;

/// <summary>Says that an endpoint is meant only where the query has a parameter.</summary>
/// <param name="Name">The parameter.</param>
internal sealed record RequiresQuery(string Name);

/// <summary>Leaves out endpoints that belong to another port (<see cref="PortMark"/>), or whose parameter is not there.</summary>
internal sealed class RequestPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    public override int Order => 0;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => true;

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates.IsValidCandidate(i) && !Fits(httpContext, candidates[i].Endpoint.Metadata)) candidates.SetValidity(i, false);
        }

        return Task.CompletedTask;
    }

    private static bool Fits(HttpContext context, EndpointMetadataCollection metadata) =>
        (metadata.GetMetadata<PortMark>() is not { } port || port.Kind == Ports.KindOf(context))
        && (metadata.GetMetadata<RequiresQuery>() is not { } query || context.Request.Query.ContainsKey(query.Name));
}
