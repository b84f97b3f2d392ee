using Microsoft.AspNetCore.Routing.Matching;

namespace RouteGuide.Dashboard.Web;

/// <summary>Says that an endpoint is meant only where the query has a parameter.</summary>
/// <param name="Name">The parameter.</param>
internal sealed record RequiresQuery(string Name);

/// <summary>Leaves out endpoints whose parameter is not there, so that the next best takes the request.</summary>
internal sealed class RequiresQueryPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    public override int Order => 0;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(endpoint => endpoint.Metadata.GetMetadata<RequiresQuery>() is not null);

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates.IsValidCandidate(i) && candidates[i].Endpoint.Metadata.GetMetadata<RequiresQuery>() is { } query && !httpContext.Request.Query.ContainsKey(query.Name)) candidates.SetValidity(i, false);
        }

        return Task.CompletedTask;
    }
}
