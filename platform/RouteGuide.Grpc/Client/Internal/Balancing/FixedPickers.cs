using Grpc.Core;
using Grpc.Net.Client.Balancer;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>Lets calls wait for another picker.</summary>
internal sealed class QueuePicker : SubchannelPicker
{
    public static readonly QueuePicker Instance = new();

    public override PickResult Pick(PickContext context) => PickResult.ForQueue();
}

/// <summary>Fails calls.</summary>
internal sealed class FailurePicker(Status status) : SubchannelPicker
{
    private readonly PickResult _result = PickResult.ForFailure(status);

    public override PickResult Pick(PickContext context) => _result;
}

/// <summary>Sends all calls to one server.</summary>
internal sealed class SinglePicker(Subchannel subchannel) : SubchannelPicker
{
    private readonly PickResult _result = PickResult.ForSubchannel(subchannel);

    public override PickResult Pick(PickContext context) => _result;
}

/// <summary>Lets the first call wake a subchannel up that is idle, and wait.</summary>
internal sealed class IdlePicker(Subchannel subchannel) : SubchannelPicker
{
    public override PickResult Pick(PickContext context)
    {
        subchannel.RequestConnection();
        return PickResult.ForQueue();
    }
}
