using Grpc.AspNetCore.HealthChecks;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the gRPC health service.</summary>
public static class GrpcHealthChecksEndpointRouteBuilderExtensions
{
    /// <summary>Maps the gRPC health service over the application's health checks.</summary>
    /// <param name="builder">Where the endpoints go.</param>
    /// <exception cref="InvalidOperationException"><c>AddGrpc</c> or <c>AddGrpcHealthChecks</c> was not called.</exception>
    public static GrpcServiceEndpointConventionBuilder MapGrpcHealthChecksService(this IEndpointRouteBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.ServiceProvider.GetService<IServiceProviderIsService>()?.IsService(typeof(HealthChecksService)) == false)
            throw new InvalidOperationException("Cannot map the gRPC health service: call 'IServiceCollection.AddGrpcHealthChecks' where the application's services are configured.");
        return builder.MapGrpcService<HealthChecksService>();
    }
}
