using Grpc.Net.Client.Internal.Balancing;

namespace Grpc.Net.Client.Balancer;

/// <summary>Resolves addresses such as <c>dns:///host:port</c>. Known without being registered; registered, it also asks again by itself.</summary>
public sealed class DnsResolverFactory : ResolverFactory
{
    private readonly TimeSpan _refreshInterval;

    /// <summary>Creates a factory.</summary>
    /// <param name="refreshInterval">After which DNS is asked again; <see cref="Timeout.InfiniteTimeSpan"/> for only when a connection is lost.</param>
    public DnsResolverFactory(TimeSpan refreshInterval) => _refreshInterval = refreshInterval;

    /// <inheritdoc/>
    public override string Name => "dns";

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The address names no host.</exception>
    public override Resolver Create(ResolverOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new DnsResolver(options, _refreshInterval);
    }
}

/// <summary>Resolves addresses such as <c>static:///name</c> by a function of the application's.</summary>
public sealed class StaticResolverFactory : ResolverFactory
{
    private readonly Func<Uri, IEnumerable<BalancerAddress>> _addressesCallback;

    /// <summary>Creates a factory.</summary>
    /// <param name="addressesCallback">Gives the addresses for the address of a channel.</param>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    public StaticResolverFactory(Func<Uri, IEnumerable<BalancerAddress>> addressesCallback)
    {
        ArgumentNullException.ThrowIfNull(addressesCallback);
        _addressesCallback = addressesCallback;
    }

    /// <inheritdoc/>
    public override string Name => "static";

    /// <inheritdoc/>
    public override Resolver Create(ResolverOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new StaticResolver([.. _addressesCallback(options.Address)]);
    }
}

/// <summary>Makes the policy that uses the first address that answers.</summary>
public sealed class PickFirstBalancerFactory : LoadBalancerFactory
{
    /// <summary>Creates a factory.</summary>
    public PickFirstBalancerFactory()
    {
    }

    /// <inheritdoc/>
    public override string Name => Configuration.LoadBalancingConfig.PickFirstPolicyName;

    /// <inheritdoc/>
    public override LoadBalancer Create(LoadBalancerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new PickFirstBalancer(options.Controller);
    }
}

/// <summary>Makes the policy that uses all addresses in turn.</summary>
public sealed class RoundRobinBalancerFactory : LoadBalancerFactory
{
    /// <summary>Creates a factory.</summary>
    public RoundRobinBalancerFactory()
    {
    }

    /// <inheritdoc/>
    public override string Name => Configuration.LoadBalancingConfig.RoundRobinPolicyName;

    /// <inheritdoc/>
    public override LoadBalancer Create(LoadBalancerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new RoundRobinBalancer(options);
    }
}
