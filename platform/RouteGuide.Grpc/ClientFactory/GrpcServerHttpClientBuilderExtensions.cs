using Grpc.AspNetCore.ClientFactory;
using Grpc.Net.ClientFactory.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets registered gRPC clients act on behalf of the server call that they are used in.</summary>
public static class GrpcServerHttpClientBuilderExtensions
{
    /// <summary>
    /// Makes each call of the client end no later than the gRPC call that is being served, and with it when that is cancelled. A call made outside of
    /// a served call fails with <see cref="InvalidOperationException"/>.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The builder is not one of a gRPC client.</exception>
    public static IHttpClientBuilder EnableCallContextPropagation(this IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddHttpContextAccessor();
        return builder.AddInterceptor(provider => new ContextPropagationInterceptor(
            provider.GetRequiredService<IHttpContextAccessor>(),
            provider.GetRequiredService<IOptionsMonitor<GrpcContextPropagationOptions>>().Get(builder.Name)));
    }

    /// <inheritdoc cref="EnableCallContextPropagation(IHttpClientBuilder)"/>
    /// <param name="builder">The client's builder.</param>
    /// <param name="configureOptions">Sets the options.</param>
    public static IHttpClientBuilder EnableCallContextPropagation(this IHttpClientBuilder builder, Action<GrpcContextPropagationOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configureOptions);
        builder.Services.Configure(builder.Name, configureOptions);
        return builder.EnableCallContextPropagation();
    }
}
