using Grpc.Core;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using RouteGuide.ServiceDefaults;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets clients find services by their names. The public names are those of .NET's own service discovery.</summary>
public static class ServiceDiscoveryExtensions
{
    /// <summary>
    /// Lets the clients of <c>AddGrpcClient</c>, and channels of <c>https+http://name</c> with these services, find services by their
    /// names, and makes <see cref="AddServiceDiscovery(IHttpClientBuilder)"/> possible.
    /// </summary>
    public static IServiceCollection AddServiceDiscovery(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddTransient<ServiceDiscoveryHandler>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ResolverFactory, HttpsOrHttpResolverFactory>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ResolverFactory, HttpOrHttpsResolverFactory>());
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

    /// <summary>
    /// A channel fixes its scheme when it is made and knows only http and https without a resolver (microsoft/aspire#2896): of a service
    /// with one address it is given that one; several are left to the resolver, and are called in turn unless the channel's options
    /// have a service config that says otherwise.
    /// </summary>
    private sealed class ResolveGrpcAddress(IConfiguration configuration) : IPostConfigureOptions<GrpcClientFactoryOptions>
    {
        public void PostConfigure(string? name, GrpcClientFactoryOptions options)
        {
            if (options.Address is not { } address) return;
            var found = ServiceEndpoints.Resolve(configuration, address);
            var (scheme, host, path) = address.IsAbsoluteUri ? (address.Scheme, address.Authority, address.PathAndQuery) : ("https", address.OriginalString, "/");
            var isOfHost = address.IsAbsoluteUri && scheme is "http" or "https" && !host.StartsWith('_');
            if (found.Count == 1
                || (found.Count == 0 && isOfHost)
                || path is not ("" or "/")
                || !Uri.TryCreate($"{HttpsOrHttpResolverFactory.Scheme}://{host}", UriKind.Absolute, out var named))
            {
                options.Address = ServiceEndpoints.ResolveOne(configuration, address);
                return;
            }

            var isSecure = (found.Count > 0 ? found[0].Scheme : scheme.Split('+')[0]) == Uri.UriSchemeHttps;
            options.Address = named;
            options.ChannelOptionsActions.Add(channel =>
            {
                channel.Credentials ??= isSecure ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure;
                channel.ServiceConfig ??= new ServiceConfig { LoadBalancingConfigs = { new RoundRobinConfig() } };
            });
        }
    }
}
