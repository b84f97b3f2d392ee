using Grpc.Core;
using Grpc.Net.Client.Balancer;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>One balancing policy of a channel, between its creation and its end. What it says counts once the channel listens to it.</summary>
internal sealed class BalancerSlot(ConnectionManager manager, string policyName) : IChannelControlHelper, IDisposable
{
    private bool _isDisposed;

    public string PolicyName => policyName;

    public LoadBalancer Balancer { get; private set; } = null!;

    /// <summary>What the policy was made with, as in JSON.</summary>
    public required IDictionary<string, object> Settings { get; init; }

    /// <summary>What the policy said last.</summary>
    public BalancerState State { get; private set; } = new(ConnectivityState.Connecting, QueuePicker.Instance);

    public void Create(LoadBalancerFactory factory, Func<IChannelControlHelper, LoadBalancerOptions> options) => Balancer = factory.Create(options(this));

    public Subchannel CreateSubchannel(SubchannelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return manager.CreateSubchannel(options.Addresses);
    }

    public void UpdateState(BalancerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        lock (manager.Gate)
        {
            if (_isDisposed) return;
            State = state;
            manager.Publish(this);
        }
    }

    public void RefreshResolver() => manager.RefreshResolver();

    public void Dispose()
    {
        _isDisposed = true;
        Balancer?.Dispose();
    }
}
