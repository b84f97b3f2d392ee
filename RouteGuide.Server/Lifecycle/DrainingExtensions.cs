using Grpc.HealthCheck;

namespace RouteGuide.Server.Lifecycle;

/// <summary>Puts draining into the host: what counts as a call, who reports health, and how long the end may take.</summary>
internal static class DrainingExtensions
{
    // After the drain, Kestrel closes what is left; it needs a moment for that before the host gives up on it.
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromMilliseconds(500);

    public static void AddDraining(this WebApplicationBuilder builder, TimeSpan timeout)
    {
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = timeout + CloseTimeout);
        builder.Services.AddSingleton<InFlightCalls>();
        builder.Services.AddSingleton<ReplicaHealth>();
        builder.Services.AddSingleton<HealthServiceImpl>(services => services.GetRequiredService<ReplicaHealth>());
        builder.Services.AddHostedService<Drain>();
    }

    /// <summary>Counts gRPC calls, except those that only watch: health and reflection streams may stay open for ever.</summary>
    public static void UseInFlightCalls(this WebApplication app)
    {
        var calls = app.Services.GetRequiredService<InFlightCalls>();
        app.Use(async (context, next) =>
        {
            if (context.Request.Path.StartsWithSegments("/health") || context.Request.Path.StartsWithSegments("/alive") || context.Request.Path.Value!.StartsWith("/grpc.", StringComparison.Ordinal))
            {
                await next(context);
                return;
            }

            calls.Enter();
            try
            {
                await next(context);
            }
            finally
            {
                calls.Exit();
            }
        });
    }
}
