using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Grpc.Net.ClientFactory;
using Grpc.Net.ClientFactory.Internal;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Sets how registered gRPC clients are made.</summary>
public static class GrpcHttpClientBuilderExtensions
{
    /// <summary>Sets options of the channel.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="configureChannel">Sets them.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">The builder is not one of a gRPC client.</exception>
    public static IHttpClientBuilder ConfigureChannel(this IHttpClientBuilder builder, Action<GrpcChannelOptions> configureChannel)
    {
        ArgumentNullException.ThrowIfNull(configureChannel);
        return builder.ConfigureChannel((_, options) => configureChannel(options));
    }

    /// <inheritdoc cref="ConfigureChannel(IHttpClientBuilder, Action{GrpcChannelOptions})"/>
    public static IHttpClientBuilder ConfigureChannel(this IHttpClientBuilder builder, Action<IServiceProvider, GrpcChannelOptions> configureChannel)
    {
        ArgumentNullException.ThrowIfNull(configureChannel);
        return Check(builder).Configure((provider, options) => options.ChannelOptionsActions.Add(channel => configureChannel(provider, channel)));
    }

    /// <summary>Adds an interceptor of the channel.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="configureInvoker">Makes the interceptor.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">The builder is not one of a gRPC client.</exception>
    public static IHttpClientBuilder AddInterceptor(this IHttpClientBuilder builder, Func<Interceptor> configureInvoker) =>
        builder.AddInterceptor(InterceptorScope.Channel, configureInvoker);

    /// <inheritdoc cref="AddInterceptor(IHttpClientBuilder, Func{Interceptor})"/>
    public static IHttpClientBuilder AddInterceptor(this IHttpClientBuilder builder, Func<IServiceProvider, Interceptor> configureInvoker) =>
        builder.AddInterceptor(InterceptorScope.Channel, configureInvoker);

    /// <summary>Adds an interceptor.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="scope">How long the interceptor lives.</param>
    /// <param name="configureInvoker">Makes the interceptor.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">The builder is not one of a gRPC client.</exception>
    public static IHttpClientBuilder AddInterceptor(this IHttpClientBuilder builder, InterceptorScope scope, Func<Interceptor> configureInvoker)
    {
        ArgumentNullException.ThrowIfNull(configureInvoker);
        return builder.AddInterceptor(scope, _ => configureInvoker());
    }

    /// <inheritdoc cref="AddInterceptor(IHttpClientBuilder, InterceptorScope, Func{Interceptor})"/>
    public static IHttpClientBuilder AddInterceptor(this IHttpClientBuilder builder, InterceptorScope scope, Func<IServiceProvider, Interceptor> configureInvoker)
    {
        ArgumentNullException.ThrowIfNull(configureInvoker);
        return Check(builder).Configure((_, options) => options.InterceptorRegistrations.Add(new InterceptorRegistration(scope, configureInvoker)));
    }

    /// <summary>Adds an interceptor of the channel that is a registered service.</summary>
    /// <typeparam name="TInterceptor">The service.</typeparam>
    /// <param name="builder">The client's builder.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">The builder is not one of a gRPC client.</exception>
    public static IHttpClientBuilder AddInterceptor<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TInterceptor>(this IHttpClientBuilder builder)
        where TInterceptor : Interceptor => builder.AddInterceptor<TInterceptor>(InterceptorScope.Channel);

    /// <summary>Adds an interceptor that is a registered service.</summary>
    /// <typeparam name="TInterceptor">The service.</typeparam>
    /// <param name="builder">The client's builder.</param>
    /// <param name="scope">How long the interceptor is kept.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">The builder is not one of a gRPC client.</exception>
    public static IHttpClientBuilder AddInterceptor<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TInterceptor>(this IHttpClientBuilder builder, InterceptorScope scope)
        where TInterceptor : Interceptor => builder.AddInterceptor(scope, provider => provider.GetRequiredService<TInterceptor>());

    /// <summary>Adds credentials to each call. They need TLS, or <see cref="GrpcChannelOptions.UnsafeUseInsecureChannelCallCredentials"/>.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="authInterceptor">Adds the credentials of a call to its metadata.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">The builder is not one of a gRPC client.</exception>
    public static IHttpClientBuilder AddCallCredentials(this IHttpClientBuilder builder, Func<AuthInterceptorContext, Metadata, Task> authInterceptor)
    {
        ArgumentNullException.ThrowIfNull(authInterceptor);
        return AddCallCredentials(builder, _ => CallCredentials.FromInterceptor((context, metadata) => authInterceptor(context, metadata)));
    }

    /// <summary>Adds credentials to each call. They need TLS, or <see cref="GrpcChannelOptions.UnsafeUseInsecureChannelCallCredentials"/>.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="authInterceptor">Adds the credentials of a call to its metadata, with services of the client's scope.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">The builder is not one of a gRPC client.</exception>
    public static IHttpClientBuilder AddCallCredentials(
        this IHttpClientBuilder builder, Func<AuthInterceptorContext, Metadata, IServiceProvider, Task> authInterceptor)
    {
        ArgumentNullException.ThrowIfNull(authInterceptor);
        return AddCallCredentials(
            builder, provider => CallCredentials.FromInterceptor((context, metadata) => authInterceptor(context, metadata, provider)));
    }

    /// <summary>Adds credentials to each call. They need TLS, or <see cref="GrpcChannelOptions.UnsafeUseInsecureChannelCallCredentials"/>.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="credentials">The credentials.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">The builder is not one of a gRPC client.</exception>
    public static IHttpClientBuilder AddCallCredentials(this IHttpClientBuilder builder, CallCredentials credentials)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        return AddCallCredentials(builder, _ => credentials);
    }

    /// <summary>Sets how the client is made from its invoker.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="configureCreator">Makes the client.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">The builder is not one of a gRPC client.</exception>
    public static IHttpClientBuilder ConfigureGrpcClientCreator(this IHttpClientBuilder builder, Func<CallInvoker, object> configureCreator)
    {
        ArgumentNullException.ThrowIfNull(configureCreator);
        return builder.ConfigureGrpcClientCreator((_, invoker) => configureCreator(invoker));
    }

    /// <inheritdoc cref="ConfigureGrpcClientCreator(IHttpClientBuilder, Func{CallInvoker, object})"/>
    public static IHttpClientBuilder ConfigureGrpcClientCreator(
        this IHttpClientBuilder builder, Func<IServiceProvider, CallInvoker, object> configureCreator)
    {
        ArgumentNullException.ThrowIfNull(configureCreator);
        return Check(builder).Configure((provider, options) => options.Creator = invoker => configureCreator(provider, invoker));
    }

    private static IHttpClientBuilder AddCallCredentials(IHttpClientBuilder builder, Func<IServiceProvider, CallCredentials> create) =>
        Check(builder).Configure((_, options) =>
        {
            options.HasCallCredentials = true;
            options.CallOptionsActions.Add(context =>
            {
                var added = create(context.ServiceProvider);
                var present = context.CallOptions.Credentials;
                context.CallOptions = context.CallOptions.WithCredentials(present is null ? added : CallCredentials.Compose(present, added));
            });
        });

    private static IHttpClientBuilder Check(IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return ClientNames.In(builder.Services).Contains(builder.Name)
            ? builder
            : throw new InvalidOperationException($"'{builder.Name}' is no gRPC client: {nameof(GrpcClientServiceExtensions.AddGrpcClient)} registers one.");
    }
}
