using Grpc.Core;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client.Balancer;

/// <summary>Finds the addresses of a service, now and whenever they change.</summary>
public abstract class Resolver : IDisposable
{
    /// <summary>Starts. Called once.</summary>
    /// <param name="listener">Takes each result.</param>
    public abstract void Start(Action<ResolverResult> listener);

    /// <summary>Looks again, because a connection was lost or could not be made. It may decide not to.</summary>
    public virtual void Refresh()
    {
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what it has.</summary>
    /// <param name="disposing">Whether it was called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>Makes resolvers for addresses of one scheme.</summary>
public abstract class ResolverFactory
{
    /// <summary>The scheme.</summary>
    public abstract string Name { get; }

    /// <summary>Makes a resolver.</summary>
    /// <param name="options">The address and what goes with it.</param>
    public abstract Resolver Create(ResolverOptions options);
}

/// <summary>What a resolver is made with.</summary>
public sealed class ResolverOptions
{
    internal ResolverOptions(Uri address, int defaultPort, ILoggerFactory loggerFactory, GrpcChannelOptions channelOptions)
    {
        Address = address;
        DefaultPort = defaultPort;
        LoggerFactory = loggerFactory;
        ChannelOptions = channelOptions;
    }

    /// <summary>The address of the channel.</summary>
    public Uri Address { get; }

    /// <summary>The port where the address names none: 443 with TLS, 80 without.</summary>
    public int DefaultPort { get; }

    /// <summary>Whether a service config would be ignored, so that there is no use in looking for one.</summary>
    public bool DisableServiceConfig => ChannelOptions.DisableResolverServiceConfig;

    /// <summary>Makes loggers.</summary>
    public ILoggerFactory LoggerFactory { get; }

    /// <summary>The options of the channel.</summary>
    public GrpcChannelOptions ChannelOptions { get; }
}

/// <summary>What a resolver has found.</summary>
public sealed class ResolverResult
{
    private BalancerAttributes? _attributes;

    private ResolverResult(Status status, IReadOnlyList<BalancerAddress>? addresses, ServiceConfig? serviceConfig, Status? serviceConfigStatus)
    {
        Status = status;
        Addresses = addresses;
        ServiceConfig = serviceConfig;
        ServiceConfigStatus = serviceConfigStatus;
    }

    /// <summary>OK if there are addresses, else why not.</summary>
    public Status Status { get; }

    /// <summary>The addresses.</summary>
    public IReadOnlyList<BalancerAddress>? Addresses { get; }

    /// <summary>The service config; null for none, or if it could not be read.</summary>
    public ServiceConfig? ServiceConfig { get; }

    /// <summary>Whether the service config could be read; null if there is none.</summary>
    public Status? ServiceConfigStatus { get; }

    /// <summary>What else there is to say.</summary>
    public BalancerAttributes Attributes => _attributes ??= new BalancerAttributes();

    /// <summary>The addresses could not be found.</summary>
    /// <param name="status">Why.</param>
    /// <exception cref="ArgumentException">The status is OK.</exception>
    public static ResolverResult ForFailure(Status status) => status.StatusCode == StatusCode.OK
        ? throw new ArgumentException("A resolver cannot fail with the status OK.", nameof(status))
        : new ResolverResult(status, null, null, null);

    /// <summary>The addresses were found.</summary>
    /// <param name="addresses">The addresses.</param>
    public static ResolverResult ForResult(IReadOnlyList<BalancerAddress> addresses) => ForResult(addresses, null, null);

    /// <summary>The addresses were found, and a service config.</summary>
    /// <param name="addresses">The addresses.</param>
    /// <param name="serviceConfig">The service config; null for none.</param>
    /// <param name="serviceConfigStatus">Whether it could be read.</param>
    public static ResolverResult ForResult(IReadOnlyList<BalancerAddress> addresses, ServiceConfig? serviceConfig, Status? serviceConfigStatus)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        return new ResolverResult(Status.DefaultSuccess, addresses, serviceConfig, serviceConfigStatus);
    }
}
