using Grpc.Net.Client.Balancer;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>Settings of weighted round robin (gRFC A58).</summary>
/// <param name="Blackout">After a server's first report, in which its weight is not believed yet.</param>
/// <param name="Expiration">After a server's last report, from when its weight is not believed any more.</param>
/// <param name="Update">From one computation of the weights to the next.</param>
/// <param name="ErrorPenalty">How much the share of errors counts as load.</param>
internal sealed record WeightSettings(TimeSpan Blackout, TimeSpan Expiration, TimeSpan Update, double ErrorPenalty)
{
    private static readonly TimeSpan ShortestUpdate = TimeSpan.FromMilliseconds(100);

    /// <exception cref="InvalidOperationException">A value cannot be used.</exception>
    public static WeightSettings From(IDictionary<string, object> configuration)
    {
        var update = ConfigNumber.ReadDuration(configuration, "weightUpdatePeriod", TimeSpan.FromSeconds(1));
        return new WeightSettings(
            ConfigNumber.ReadDuration(configuration, "blackoutPeriod", TimeSpan.FromSeconds(10)),
            ConfigNumber.ReadDuration(configuration, "weightExpirationPeriod", TimeSpan.FromMinutes(3)),
            update < ShortestUpdate ? ShortestUpdate : update,
            ConfigNumber.Read(configuration, "errorUtilizationPenalty", fallback: 1, least: 0));
    }
}

/// <summary>Servers in turn, the less loaded more often: by the load that each reports with its answers (ORCA, <c>endpoint-load-metrics-bin</c>).</summary>
internal sealed class WeightedRoundRobinBalancer(LoadBalancerOptions options, WeightSettings settings, TimeProvider time)
    : SubchannelsLoadBalancer(options.Controller, options.LoggerFactory)
{
    public const string PolicyName = "weighted_round_robin";

    // Outlives pickers: a server keeps its weight when another one goes.
    private readonly System.Runtime.CompilerServices.ConditionalWeakTable<Subchannel, ServerWeight> _weights = [];

    protected override SubchannelPicker CreatePicker(IReadOnlyList<Subchannel> readySubchannels) =>
        new Picker([.. readySubchannels.Select(s => (s, _weights.GetValue(s, _ => new ServerWeight(settings, time))))], settings, time);

    /// <summary>Makes the policy.</summary>
    internal sealed class Factory(TimeProvider time) : LoadBalancerFactory
    {
        public override string Name => PolicyName;

        public override LoadBalancer Create(LoadBalancerOptions options) => new WeightedRoundRobinBalancer(options, WeightSettings.From(options.Configuration), time);
    }

    private sealed class Picker : SubchannelPicker
    {
        private readonly PickResult[] _results;
        private readonly ServerWeight[] _weights;
        private readonly WeightSettings _settings;
        private readonly TimeProvider _time;
        private uint _turn = (uint)Random.Shared.Next();
        private volatile Strides _strides;
        private long _computed;

        public Picker((Subchannel Subchannel, ServerWeight Weight)[] servers, WeightSettings settings, TimeProvider time)
        {
            _results = [.. servers.Select(s => PickResult.ForSubchannel(s.Subchannel, s.Weight))];
            _weights = [.. servers.Select(s => s.Weight)];
            _settings = settings;
            _time = time;
            _computed = time.GetTimestamp();
            _strides = Compute();
        }

        public override PickResult Pick(PickContext context)
        {
            var computed = Volatile.Read(ref _computed);
            if (_time.GetElapsedTime(computed) >= _settings.Update && Interlocked.CompareExchange(ref _computed, _time.GetTimestamp(), computed) == computed)
                _strides = Compute();
            return _results[_strides.Next(ref _turn)];
        }

        private Strides Compute() => new([.. _weights.Select(w => w.Current())]);
    }
}
