using Grpc.Net.Client.Balancer;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>What a channel finds in its service provider, and what there is without one.</summary>
internal static class ChannelServices
{
    public static TimeProvider Time(GrpcChannelOptions options) => options.ServiceProvider?.GetService<TimeProvider>() ?? TimeProvider.System;

    /// <summary>The factory for a scheme; null if there is none.</summary>
    public static ResolverFactory? Resolver(GrpcChannelOptions options, string scheme) =>
        options.ServiceProvider?.GetServices<ResolverFactory>().LastOrDefault(f => f.Name.Equals(scheme, StringComparison.OrdinalIgnoreCase))
        ?? (scheme == "dns" ? new DnsResolverFactory(Timeout.InfiniteTimeSpan) : null);

    /// <summary>The balancing policies by name; those of the application go before the library's.</summary>
    public static Dictionary<string, LoadBalancerFactory> Balancers(GrpcChannelOptions options)
    {
        var known = new Dictionary<string, LoadBalancerFactory>(StringComparer.Ordinal);
        LoadBalancerFactory[] own =
        [
            new PickFirstBalancerFactory(),
            new RoundRobinBalancerFactory(),
            new LeastRequestBalancer.Factory("least_request"),
            // Its name until gRFC A48 is final.
            new LeastRequestBalancer.Factory("least_request_experimental"),
            new WeightedRoundRobinBalancer.Factory(Time(options)),
        ];
        foreach (var factory in own) known[factory.Name] = factory;
        foreach (var factory in options.ServiceProvider?.GetServices<LoadBalancerFactory>() ?? []) known[factory.Name] = factory;
        return known;
    }
}
