using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Internal;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds gRPC to an application's services.</summary>
public static class GrpcServicesExtensions
{
    /// <summary>Adds what <c>MapGrpcService</c> needs.</summary>
    /// <param name="services">The application's services.</param>
    public static IGrpcServerBuilder AddGrpc(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddRouting();
        services.AddOptions();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<GrpcServer>();
        services.TryAddSingleton(new RegisteredLifetimes(services));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<GrpcServiceOptions>, DefaultGrpcServiceOptions>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, MissingMethodPolicy>());
        return new GrpcServerBuilder(services);
    }

    /// <summary>Adds what <c>MapGrpcService</c> needs, with options for all services.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configureOptions">Sets the options.</param>
    public static IGrpcServerBuilder AddGrpc(this IServiceCollection services, Action<GrpcServiceOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configureOptions);
        var builder = services.AddGrpc();
        services.Configure(configureOptions);
        return builder;
    }

    /// <summary>Sets options for one service; what is set here goes before the options for all.</summary>
    /// <typeparam name="TService">The service.</typeparam>
    /// <param name="grpcBuilder">What <see cref="AddGrpc(IServiceCollection)"/> returned.</param>
    /// <param name="configure">Sets the options.</param>
    public static IGrpcServerBuilder AddServiceOptions<TService>(this IGrpcServerBuilder grpcBuilder, Action<GrpcServiceOptions<TService>> configure)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(grpcBuilder);
        ArgumentNullException.ThrowIfNull(configure);
        grpcBuilder.Services.Configure(configure);
        return grpcBuilder;
    }

    private sealed class GrpcServerBuilder(IServiceCollection services) : IGrpcServerBuilder
    {
        public IServiceCollection Services { get; } = services;
    }
}
