using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client.Balancer;

/// <summary>A balancing policy at work for one channel. Its members are called one at a time.</summary>
public abstract class LoadBalancer : IDisposable
{
    /// <summary>Takes what the resolver has found.</summary>
    /// <param name="state">The addresses, or why there are none.</param>
    public abstract void UpdateChannelState(ChannelState state);

    /// <summary>Leaves the idle state.</summary>
    public abstract void RequestConnection();

    /// <summary>Ends it, with its subchannels.</summary>
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

/// <summary>Makes balancing policies of one name. Registered ones go before the library's own.</summary>
public abstract class LoadBalancerFactory
{
    /// <summary>The name of the policy in a service config.</summary>
    public abstract string Name { get; }

    /// <summary>Makes the policy for a channel.</summary>
    /// <param name="options">What it works with.</param>
    public abstract LoadBalancer Create(LoadBalancerOptions options);
}

/// <summary>What a balancing policy works with.</summary>
public sealed class LoadBalancerOptions
{
    /// <summary>Creates options.</summary>
    /// <param name="controller">The channel.</param>
    /// <param name="loggerFactory">Makes loggers.</param>
    /// <param name="configuration">The settings of the policy, as in JSON.</param>
    public LoadBalancerOptions(IChannelControlHelper controller, ILoggerFactory loggerFactory, IDictionary<string, object> configuration)
    {
        Controller = controller;
        LoggerFactory = loggerFactory;
        Configuration = configuration;
    }

    /// <summary>The channel.</summary>
    public IChannelControlHelper Controller { get; }

    /// <summary>Makes loggers.</summary>
    public ILoggerFactory LoggerFactory { get; }

    /// <summary>The settings of the policy, as in JSON.</summary>
    public IDictionary<string, object> Configuration { get; }
}

/// <summary>The channel, as a balancing policy sees it.</summary>
public interface IChannelControlHelper
{
    /// <summary>Makes a subchannel. The policy disposes it.</summary>
    /// <param name="options">Its addresses.</param>
    Subchannel CreateSubchannel(SubchannelOptions options);

    /// <summary>Says how the channel is connected, and who picks from now on.</summary>
    /// <param name="state">Both.</param>
    void UpdateState(BalancerState state);

    /// <summary>Asks the resolver to look again.</summary>
    void RefreshResolver();
}

/// <summary>What a subchannel is made with.</summary>
public sealed class SubchannelOptions
{
    /// <summary>Creates options.</summary>
    /// <param name="addresses">The addresses of one server, or of several of which one is used.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    public SubchannelOptions(IReadOnlyList<BalancerAddress> addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        if (addresses.Count == 0) throw new ArgumentException("A subchannel needs at least one address.", nameof(addresses));
        Addresses = addresses;
    }

    /// <summary>The addresses.</summary>
    public IReadOnlyList<BalancerAddress> Addresses { get; }
}

/// <summary>Says how long to wait before the next of a row of attempts.</summary>
public interface IBackoffPolicy
{
    /// <summary>The next pause.</summary>
    TimeSpan NextBackoff();
}

/// <summary>Makes a backoff policy for each row of attempts.</summary>
public interface IBackoffPolicyFactory
{
    /// <summary>Makes one.</summary>
    IBackoffPolicy Create();
}
