using RouteGuide.ServiceDefaults;

namespace RouteGuide.Server.Lifecycle;

/// <summary>Tells every caller which replica answered.</summary>
internal static class ReplicaHeader
{
    public const string Name = "x-routeguide-replica";

    public static void UseReplicaHeader(this WebApplication app)
    {
        var replica = app.Services.GetRequiredService<ReplicaIdentity>().Name;
        app.Use((context, next) =>
        {
            context.Response.Headers[Name] = replica;
            return next(context);
        });
    }
}
