using Microsoft.AspNetCore.Cors.Infrastructure;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Server;

/// <summary>
/// gRPC-Web: the service for programs in browsers. A page calls the server that it came from; pages from elsewhere are let in by name.
/// </summary>
internal static class WebClients
{
    /// <summary>Names the setting that lists the origins whose pages may call.</summary>
    public const string OriginsKey = "RouteGuide:WebOrigins";

    private const string Policy = "web";

    // What a script may read of an answer beside its body: the status of one without messages is in its headers.
    private static readonly string[] Exposed =
        ["Grpc-Status", "Grpc-Message", "Grpc-Encoding", "Grpc-Accept-Encoding", "Grpc-Status-Details-Bin", Lifecycle.ReplicaHeader.Name];

    /// <exception cref="ConfigurationException">The setting holds what is no origin.</exception>
    public static void AddWebClients(this WebApplicationBuilder builder)
    {
        var origins = Origins(builder.Configuration);
        var allowsLoopback = origins.Length == 0 && builder.Environment.IsDevelopment();
        builder.Services.AddCors(cors => cors.AddPolicy(Policy, policy =>
        {
            if (allowsLoopback) policy.SetIsOriginAllowed(origin => Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.IsLoopback);
            else policy.WithOrigins(origins);
            // A preflight before every call would cost more than the call.
            policy.WithMethods(HttpMethods.Post).AllowAnyHeader().WithExposedHeaders(Exposed).SetPreflightMaxAge(TimeSpan.FromHours(1));
        }));
    }

    public static void UseWebClients(this WebApplication app)
    {
        app.UseCors();
        app.UseGrpcWeb();
    }

    /// <summary>Serves a service to browsers too.</summary>
    public static void ForWebClients<TBuilder>(this TBuilder service)
        where TBuilder : IEndpointConventionBuilder => service.EnableGrpcWeb().RequireCors(Policy);

    // As browsers write them: they are compared as texts.
    private static string[] Origins(IConfiguration configuration)
    {
        var all = (configuration[OriginsKey] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var origin in all)
        {
            if (origin == CorsConstants.AnyOrigin) continue;
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.GetLeftPart(UriPartial.Authority) != origin)
                throw new ConfigurationException(OriginsKey, origin, "an origin such as https://app.example, without a path and in lower case; several are separated by ';'");
        }

        return all;
    }
}
