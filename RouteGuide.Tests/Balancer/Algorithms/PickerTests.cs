using Microsoft.Extensions.Configuration;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Balancing.Hashing;
using RouteGuide.Balancer.Configuration;
using RouteGuide.Balancer.Routing;
using RouteGuide.ServiceDefaults;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Algorithms;

/// <summary>What holds for every algorithm.</summary>
public sealed class PickerTests
{
    public static TheoryData<string> Names =>
        ["round_robin", "least_outstanding_requests", "weighted_random", "power_of_two_choices", "peak_ewma", "consistent_hash", "orca_weighted_round_robin"];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_pick_allocates_nothing(string name)
    {
        foreach (var pool in (Pool[])[new Pool(1), new Pool(1, 1, 1), new Pool(1, 2, 3)])
        {
            var picker = Create(name);
            var latency = picker as ILatencyWatch;
            var outcomes = picker as IOutcomeWatch;

            Allocations.None(() => Run(pool, picker, latency, outcomes, 1000));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_only_target_gets_every_call(string name) => Assert.Equal([100], new Pool(5).Count(Create(name), 100, i => new PickInput((ulong)i, true)));

    [Theory]
    [MemberData(nameof(Names))]
    public void Targets_that_come_and_go_while_many_threads_pick_are_followed(string name)
    {
        var picker = Create(name);
        Pool[] pools = [new Pool(1, 1, 1), new Pool(3, 1), new Pool(2), new Pool(1, 2, 3, 4)];

        // A pick out of a snapshot is of that snapshot, whatever the others are picking from: IndexOf finds it.
        Parallel.For(0, 1_000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i => Assert.True(pools[i % 4].Pick(picker, new PickInput(XxHash64.Mix((ulong)i), i % 3 == 0)) >= 0));
    }

    [Fact]
    public void Settings_are_read_by_their_names()
    {
        var settings = Read("type=consistent_hash", "hash:on=header", "hash:header=X-User", "hash:table=ring", "ewma:decay_seconds=2.5", "orca:blackout_period_seconds=0.5");

        Assert.Equal((AlgorithmType.ConsistentHash, HashOn.Header, "X-User", HashTable.Ring), (settings.Type, settings.Hash.On, settings.Hash.Header, settings.Hash.Table));
        Assert.Equal((2.5, 0.5), (settings.EwmaDecay.TotalSeconds, settings.Orca.BlackoutPeriod.TotalSeconds));
    }

    [Theory]
    [InlineData("type=fastest", "round_robin")]
    [InlineData("anomaly_mitigation=on", "weighted_random")]
    [InlineData("hash:on=header", "the name of a header field")]
    [InlineData("hash:header=a b", "the name of a header field")]
    [InlineData("ewma:decay_seconds=0", "0.1")]
    public void What_does_not_fit_is_named(string setting, string expected)
    {
        var error = Assert.Throws<ConfigurationException>(() => Read(setting));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static AlgorithmSettings Read(params string[] settings) => BalancerConfiguration.Read(new ConfigurationBuilder().AddInMemoryCollection(
        settings.Select(s => s.Split('=', 2)).Select(s => KeyValuePair.Create($"Balancer:TargetGroups:default:Attributes:load_balancing:algorithm:{s[0]}", (string?)s[1]))).Build()).Groups.First(g => g.Key == "default").Value.Attributes.Algorithm;

    private static IPicker Create(string name) => Pickers.Create(Read($"type={name}"), TimeProvider.System, new Random(1));

    private static void Run(Pool pool, IPicker picker, ILatencyWatch? latency, IOutcomeWatch? outcomes, int picks)
    {
        for (var i = 0; i < picks; i++)
        {
            var target = picker.Pick(pool.Snapshot, new PickInput((ulong)i * 0x9E3779B97F4A7C15, i % 2 == 0), out _);
            target.TryBegin();
            latency?.OnFirstOctet(target, 1000 + i);
            outcomes?.OnOutcome(target, new CallOutcome(OutcomeKind.Answered, true, i % 7 == 0 ? 14 : 0, 1000, 2000));
            if (i % 3 != 0) target.End();
        }
    }
}
