namespace RouteGuide.Dashboard.Balancing;

internal sealed record WeightRequest(int Weight);

internal sealed record AlgorithmRequest(string Algorithm);

internal sealed record BurstRequest(int Calls, string Mode, int? Concurrency = null);

/// <summary>What the balancer's page asks for.</summary>
internal static class BalancerEndpoints
{
    public static void MapBalancer(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/balancer", (BalancerWatch watch, CancellationToken cancellationToken) => watch.Ask(cancellationToken));
        app.MapGet("/api/balancer/algorithms", async (BalancerAdmin admin, CancellationToken cancellationToken) => StatusMapping.Algorithms(await admin.Status(cancellationToken)));
        foreach (var action in (string[])["deregister", "register"])
        {
            app.MapPost($"/api/balancer/groups/{{group}}/targets/{{target}}/{action}", async (string group, string target, BalancerAdmin admin, CancellationToken cancellationToken) =>
            {
                await admin.Change(HttpMethod.Post, [group, "targets", target, action], null, cancellationToken);
                return Results.NoContent();
            });
        }

        app.MapPut("/api/balancer/groups/{group}/targets/{target}/weight", async (string group, string target, WeightRequest request, BalancerAdmin admin, CancellationToken cancellationToken) =>
        {
            await admin.Change(HttpMethod.Put, [group, "targets", target, "weight"], request, cancellationToken);
            return Results.NoContent();
        });
        app.MapPut("/api/balancer/groups/{group}/algorithm", async (string group, AlgorithmRequest request, BalancerAdmin admin, CancellationToken cancellationToken) =>
        {
            await admin.Change(HttpMethod.Put, [group, "algorithm"], request, cancellationToken);
            return Results.NoContent();
        });
        app.MapPost("/api/balancer/burst", (HttpContext context, BurstRequest request, Burst burst) => burst.Run(context, request));
    }
}
