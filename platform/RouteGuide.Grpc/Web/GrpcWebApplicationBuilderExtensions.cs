using Grpc.AspNetCore.Web;
using Grpc.AspNetCore.Web.Internal;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Serves gRPC-Web, the form of gRPC for browsers.</summary>
public static class GrpcWebApplicationBuilderExtensions
{
    /// <summary>Serves gRPC-Web for endpoints that enable it. Behind <c>UseRouting</c>, before the endpoints.</summary>
    /// <param name="builder">The application.</param>
    public static IApplicationBuilder UseGrpcWeb(this IApplicationBuilder builder) => builder.UseGrpcWeb(new GrpcWebOptions());

    /// <inheritdoc cref="UseGrpcWeb(IApplicationBuilder)"/>
    /// <param name="builder">The application.</param>
    /// <param name="options">For endpoints that do not say whether they serve it.</param>
    public static IApplicationBuilder UseGrpcWeb(this IApplicationBuilder builder, GrpcWebOptions options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        return builder.Use(next => new GrpcWebMiddleware(next, options).InvokeAsync);
    }
}

/// <summary>Says of endpoints whether they serve gRPC-Web.</summary>
public static class GrpcWebEndpointConventionBuilderExtensions
{
    private static readonly EnableGrpcWebAttribute Enabled = new();
    private static readonly DisableGrpcWebAttribute Disabled = new();

    /// <summary>The endpoints serve gRPC-Web.</summary>
    /// <typeparam name="TBuilder">The type of <paramref name="builder"/>.</typeparam>
    /// <param name="builder">The endpoints.</param>
    public static TBuilder EnableGrpcWeb<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint => endpoint.Metadata.Add(Enabled));
        return builder;
    }

    /// <summary>The endpoints do not serve gRPC-Web.</summary>
    /// <typeparam name="TBuilder">The type of <paramref name="builder"/>.</typeparam>
    /// <param name="builder">The endpoints.</param>
    public static TBuilder DisableGrpcWeb<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint => endpoint.Metadata.Add(Disabled));
        return builder;
    }
}
