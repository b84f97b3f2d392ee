using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace Grpc.Net.Client.Balancer;

/// <summary>What a balancing policy makes of its channel: how it is connected, and who picks the server of each call.</summary>
public sealed class BalancerState
{
    /// <summary>Creates a state.</summary>
    /// <param name="connectivityState">How the channel is connected.</param>
    /// <param name="picker">Who picks the server of each call.</param>
    /// <exception cref="ArgumentNullException">The picker is null.</exception>
    public BalancerState(ConnectivityState connectivityState, SubchannelPicker picker)
    {
        ArgumentNullException.ThrowIfNull(picker);
        ConnectivityState = connectivityState;
        Picker = picker;
    }

    /// <summary>How the channel is connected.</summary>
    public ConnectivityState ConnectivityState { get; }

    /// <summary>Who picks the server of each call.</summary>
    public SubchannelPicker Picker { get; }
}

/// <summary>What a resolver has found, for a balancing policy.</summary>
public sealed class ChannelState
{
    internal ChannelState(Status status, IReadOnlyList<BalancerAddress>? addresses, LoadBalancingConfig? loadBalancingConfig, BalancerAttributes attributes)
    {
        Status = status;
        Addresses = addresses;
        LoadBalancingConfig = loadBalancingConfig;
        Attributes = attributes;
    }

    /// <summary>The addresses; null if there was an error.</summary>
    public IReadOnlyList<BalancerAddress>? Addresses { get; }

    /// <summary>The settings of the policy.</summary>
    public LoadBalancingConfig? LoadBalancingConfig { get; }

    /// <summary>Whether there are addresses, or why not.</summary>
    public Status Status { get; }

    /// <summary>What else the resolver says.</summary>
    public BalancerAttributes Attributes { get; }
}

/// <summary>How a subchannel is connected.</summary>
public sealed class SubchannelState
{
    internal SubchannelState(ConnectivityState state, Status status)
    {
        State = state;
        Status = status;
    }

    /// <summary>How it is connected.</summary>
    public ConnectivityState State { get; }

    /// <summary>Why it is not, if it is not.</summary>
    public Status Status { get; }
}
