using Grpc.Core;
using Grpc.Net.Client.Balancer;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>One subchannel with all addresses: the first that answers takes all calls, until it is lost.</summary>
internal sealed class PickFirstBalancer(IChannelControlHelper controller) : LoadBalancer
{
    private Subchannel? _subchannel;
    private IDisposable? _registration;

    public override void UpdateChannelState(ChannelState state)
    {
        if (state.Addresses is not { Count: > 0 } addresses)
        {
            if (state.Status.StatusCode != StatusCode.OK && _subchannel is not null) return;
            Drop();
            var why = state.Status.StatusCode == StatusCode.OK ? new Status(StatusCode.Unavailable, "Resolver returned no addresses.") : state.Status;
            controller.UpdateState(new BalancerState(ConnectivityState.TransientFailure, new FailurePicker(why)));
            return;
        }

        if (_subchannel is not null)
        {
            _subchannel.UpdateAddresses(addresses);
            return;
        }

        var subchannel = _subchannel = controller.CreateSubchannel(new SubchannelOptions(addresses));
        _registration = subchannel.OnStateChanged(s => Publish(subchannel, s));
        controller.UpdateState(new BalancerState(ConnectivityState.Connecting, QueuePicker.Instance));
        subchannel.RequestConnection();
    }

    public override void RequestConnection() => _subchannel?.RequestConnection();

    protected override void Dispose(bool disposing)
    {
        if (disposing) Drop();
        base.Dispose(disposing);
    }

    private void Publish(Subchannel subchannel, SubchannelState state)
    {
        if (subchannel != _subchannel) return;
        SubchannelPicker picker = state.State switch
        {
            ConnectivityState.Ready => new SinglePicker(subchannel),
            ConnectivityState.TransientFailure => new FailurePicker(state.Status),
            ConnectivityState.Idle => new IdlePicker(subchannel),
            _ => QueuePicker.Instance,
        };
        if (state.State != ConnectivityState.Shutdown) controller.UpdateState(new BalancerState(state.State, picker));
    }

    private void Drop()
    {
        _registration?.Dispose();
        _registration = null;
        var subchannel = _subchannel;
        _subchannel = null;
        subchannel?.Dispose();
    }
}
