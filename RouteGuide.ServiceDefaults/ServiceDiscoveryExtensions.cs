using Grpc.Net.ClientFactory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using RouteGuide.ServiceDefaults;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets clients find services by their names. The public names are those of .NET's own service discovery.</summary>
public static class ServiceDiscoveryExtensions
{
    /// <summary>Lets the clients of <c>AddGrpcClient</c> find services by their names, and makes <see cref="AddServiceDiscovery(IHttpClientBuilder)"/> possible.</summary>
    public static IServiceCollection AddServiceDiscovery(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddTransient<ServiceDiscoveryHandler>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<GrpcClientFactoryOptions>, ResolveGrpcAddress>());
        return services;
    }

    /// <summary>Lets a client's requests find services by their names.</summary>
    public static IHttpClientBuilder AddServiceDiscovery(this IHttpClientBuilder httpClientBuilder)
    {
        ArgumentNullException.ThrowIfNull(httpClientBuilder);
        httpClientBuilder.Services.AddServiceDiscovery();
        return httpClientBuilder.AddHttpMessageHandler<ServiceDiscoveryHandler>();
    }

    /// <summary>A channel fixes its scheme when it is made and knows only http and https: it is given the resolved address (microsoft/aspire#2896).</summary>
    private sealed class ResolveGrpcAddress(IConfiguration configuration) : IPostConfigureOptions<GrpcClientFactoryOptions>
    {
        public void PostConfigure(string? name, GrpcClientFactoryOptions options)
        {
            if (options.Address is { } address) options.Address = ServiceEndpoints.ResolveOne(configuration, address);
        }
    }
}
