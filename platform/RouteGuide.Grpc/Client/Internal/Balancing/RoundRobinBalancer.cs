using Grpc.Net.Client.Balancer;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>All servers in turn.</summary>
internal sealed class RoundRobinBalancer(LoadBalancerOptions options) : SubchannelsLoadBalancer(options.Controller, options.LoggerFactory)
{
    protected override SubchannelPicker CreatePicker(IReadOnlyList<Subchannel> readySubchannels) => new TurnPicker(readySubchannels);
}

/// <summary>Gives servers their turns. The first is drawn, so that many clients that start together do not all begin with the same one.</summary>
internal sealed class TurnPicker(IReadOnlyList<Subchannel> subchannels) : SubchannelPicker
{
    private readonly PickResult[] _results = [.. subchannels.Select(s => PickResult.ForSubchannel(s))];
    private int _turn = Random.Shared.Next(subchannels.Count);

    public override PickResult Pick(PickContext context) => _results[(uint)Interlocked.Increment(ref _turn) % (uint)_results.Length];
}
