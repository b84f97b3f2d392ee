using Grpc.AspNetCore.Server.Internal;
using Grpc.Core;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps gRPC services to endpoints.</summary>
public static class GrpcEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps a service: one endpoint for each method of its contract, which the generated base class of
    /// <typeparamref name="TService"/> names. Attributes of the type and of its methods become metadata of the endpoints.
    /// </summary>
    /// <typeparam name="TService">The implementation. Taken from the service provider if registered there, else created for each call.</typeparam>
    /// <param name="builder">Where the endpoints go.</param>
    /// <exception cref="InvalidOperationException">
    /// <c>AddGrpc</c> was not called, <typeparamref name="TService"/> does not derive from a generated base class, or its options cannot be met.
    /// </exception>
    public static GrpcServiceEndpointConventionBuilder MapGrpcService<TService>(this IEndpointRouteBuilder builder)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        var server = GrpcServer.Of(builder.ServiceProvider);
        var binder = new ServiceTypeBinder<TService>(server, server.OptionsOf<TService>());
        binder.BindGenerated();
        return MethodEndpoints.Map(builder, server, binder);
    }

    /// <summary>Maps a service whose methods and handlers a definition holds.</summary>
    /// <param name="builder">Where the endpoints go.</param>
    /// <param name="mapDefinition">Makes the definition; called once, with the application's services.</param>
    /// <exception cref="InvalidOperationException"><c>AddGrpc</c> was not called.</exception>
    public static GrpcServiceEndpointConventionBuilder MapGrpcService(this IEndpointRouteBuilder builder, Func<IServiceProvider, ServerServiceDefinition> mapDefinition)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(mapDefinition);
        var server = GrpcServer.Of(builder.ServiceProvider);
        return MapDefinition(builder, server, mapDefinition(builder.ServiceProvider));
    }

    /// <summary>Maps a service whose methods and handlers a definition holds.</summary>
    /// <param name="builder">Where the endpoints go.</param>
    /// <param name="serviceDefinition">The definition.</param>
    /// <exception cref="InvalidOperationException"><c>AddGrpc</c> was not called.</exception>
    public static GrpcServiceEndpointConventionBuilder MapGrpcService(this IEndpointRouteBuilder builder, ServerServiceDefinition serviceDefinition)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(serviceDefinition);
        return MapDefinition(builder, GrpcServer.Of(builder.ServiceProvider), serviceDefinition);
    }

    private static GrpcServiceEndpointConventionBuilder MapDefinition(IEndpointRouteBuilder builder, GrpcServer server, ServerServiceDefinition definition)
    {
        var binder = new DefinitionBinder(server, server.GlobalOptions());
        definition.BindService(binder);
        return MethodEndpoints.Map(builder, server, binder);
    }
}
