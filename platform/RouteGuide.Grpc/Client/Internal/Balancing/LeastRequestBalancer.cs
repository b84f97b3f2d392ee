using Grpc.Net.Client.Balancer;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>
/// The server with the fewest calls in flight among a few that are drawn (gRFC A48). Two are enough to keep a slow server from collecting calls, and
/// drawing keeps many clients from all choosing the same one.
/// </summary>
internal sealed class LeastRequestBalancer(LoadBalancerOptions options, int choices) : SubchannelsLoadBalancer(options.Controller, options.LoggerFactory)
{
    private const int DefaultChoices = 2;
    private const int MostChoices = 10;

    protected override SubchannelPicker CreatePicker(IReadOnlyList<Subchannel> readySubchannels) => new Picker(readySubchannels, choices);

    /// <summary>Makes the policy, under one of the names that are in use for it.</summary>
    internal sealed class Factory(string name) : LoadBalancerFactory
    {
        public override string Name => name;

        public override LoadBalancer Create(LoadBalancerOptions options)
        {
            var choices = (int)ConfigNumber.Read(options.Configuration, "choiceCount", DefaultChoices, least: 2);
            return new LeastRequestBalancer(options, Math.Min(choices, MostChoices));
        }
    }

    private sealed class Picker(IReadOnlyList<Subchannel> subchannels, int choices) : SubchannelPicker
    {
        private readonly PickResult[] _results = [.. subchannels.Select(s => PickResult.ForSubchannel(s))];

        public override PickResult Pick(PickContext context)
        {
            var best = Draw();
            for (var i = 1; i < choices && _results.Length > 1; i++)
            {
                var other = Draw();
                if (other.Subchannel!.Counts.InFlight < best.Subchannel!.Counts.InFlight) best = other;
            }

            return best;
        }

        private PickResult Draw() => _results[Random.Shared.Next(_results.Length)];
    }
}
