using Grpc.HealthCheck;
using RouteGuide.Server.Features;
using RouteGuide.Server.Leasing;
using RouteGuide.Server.Lifecycle;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Server;

/// <summary>Puts the server together.</summary>
internal static class ServerApp
{
    /// <exception cref="ConfigurationException">A setting or the feature database cannot be used.</exception>
    public static WebApplication Create(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.LogFromStartOn();
        builder.UseGrpcListeners();

        var options = ServerOptions.From(builder.Configuration);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(ReplicaIdentity.From(builder.Configuration, "server"));
        builder.Services.AddSingleton(FeatureDatabase.Load(options.Database));
        builder.Services.AddHostedService<StartLine>();
        builder.AddDraining(options.DrainTimeout);
        builder.AddBalancerLease();
        builder.Services.AddGrpc();
        builder.Services.AddGrpcReflection();
        builder.AddWebClients();

        var app = builder.Build();
        app.UseReplicaHeader();
        app.UseInFlightCalls();
        app.UseWebClients();
        app.MapGrpcService<RouteGuideService>().ForWebClients();
        app.MapGrpcService<HealthServiceImpl>();
        app.MapGrpcReflectionService();
        app.MapDefaultEndpoints();
        return app;
    }
}
