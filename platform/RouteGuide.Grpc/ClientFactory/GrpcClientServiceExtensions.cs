using System.Diagnostics.CodeAnalysis;
using Grpc.Net.ClientFactory;
using Grpc.Net.ClientFactory.Internal;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers gRPC clients.</summary>
public static class GrpcClientServiceExtensions
{
    private const DynamicallyAccessedMemberTypes Constructors = DynamicallyAccessedMemberTypes.PublicConstructors;

    /// <summary>Registers a client under the name of its type. It is made anew each time it is asked for, over a channel that is shared.</summary>
    /// <typeparam name="TClient">The type of client.</typeparam>
    /// <param name="services">The services.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">The name is taken by another type.</exception>
    public static IHttpClientBuilder AddGrpcClient<[DynamicallyAccessedMembers(Constructors)] TClient>(this IServiceCollection services)
        where TClient : class => services.AddGrpcClient<TClient>(NameOf<TClient>());

    /// <inheritdoc cref="AddGrpcClient{TClient}(IServiceCollection)"/>
    /// <param name="services">The services.</param>
    /// <param name="configureClient">Sets the options.</param>
    public static IHttpClientBuilder AddGrpcClient<[DynamicallyAccessedMembers(Constructors)] TClient>(
        this IServiceCollection services, Action<GrpcClientFactoryOptions> configureClient)
        where TClient : class => services.AddGrpcClient<TClient>(NameOf<TClient>(), configureClient);

    /// <inheritdoc cref="AddGrpcClient{TClient}(IServiceCollection)"/>
    /// <param name="services">The services.</param>
    /// <param name="configureClient">Sets the options, with the help of other services.</param>
    public static IHttpClientBuilder AddGrpcClient<[DynamicallyAccessedMembers(Constructors)] TClient>(
        this IServiceCollection services, Action<IServiceProvider, GrpcClientFactoryOptions> configureClient)
        where TClient : class => services.AddGrpcClient<TClient>(NameOf<TClient>(), configureClient);

    /// <summary>Registers a client under a name, to be asked for from a <see cref="GrpcClientFactory"/> or, the last of its type, by its type.</summary>
    /// <typeparam name="TClient">The type of client.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The name.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">The name is taken by another type.</exception>
    public static IHttpClientBuilder AddGrpcClient<[DynamicallyAccessedMembers(Constructors)] TClient>(this IServiceCollection services, string name)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);

        ClientNames.In(services).Add(name, typeof(TClient));
        services.TryAddTransient<GrpcClientFactory, DefaultGrpcClientFactory>();
        services.TryAddSingleton<SharedInvokers>();
        services.AddTransient(provider => provider.GetRequiredService<GrpcClientFactory>().CreateClient<TClient>(name));

        return services.AddHttpClient(name)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                EnableMultipleHttp2Connections = true,
                AllowAutoRedirect = false,
                UseCookies = false,
            })
            // The channel keeps its handler for as long as it lives.
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc cref="AddGrpcClient{TClient}(IServiceCollection, string)"/>
    /// <param name="services">The services.</param>
    /// <param name="name">The name.</param>
    /// <param name="configureClient">Sets the options.</param>
    public static IHttpClientBuilder AddGrpcClient<[DynamicallyAccessedMembers(Constructors)] TClient>(
        this IServiceCollection services, string name, Action<GrpcClientFactoryOptions> configureClient)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(configureClient);
        return services.AddGrpcClient<TClient>(name, (_, options) => configureClient(options));
    }

    /// <inheritdoc cref="AddGrpcClient{TClient}(IServiceCollection, string)"/>
    /// <param name="services">The services.</param>
    /// <param name="name">The name.</param>
    /// <param name="configureClient">Sets the options, with the help of other services.</param>
    public static IHttpClientBuilder AddGrpcClient<[DynamicallyAccessedMembers(Constructors)] TClient>(
        this IServiceCollection services, string name, Action<IServiceProvider, GrpcClientFactoryOptions> configureClient)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(configureClient);
        return services.AddGrpcClient<TClient>(name).Configure(configureClient);
    }

    /// <summary>Sets options of the clients of a builder's name.</summary>
    internal static IHttpClientBuilder Configure(this IHttpClientBuilder builder, Action<IServiceProvider, GrpcClientFactoryOptions> configure)
    {
        builder.Services.AddSingleton<IConfigureOptions<GrpcClientFactoryOptions>>(provider =>
            new ConfigureNamedOptions<GrpcClientFactoryOptions>(builder.Name, options => configure(provider, options)));
        return builder;
    }

    private static string NameOf<TClient>() => typeof(TClient).Name;
}
