using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Tests.Balancer.Algorithms;

/// <summary>round_robin and least_outstanding_requests: shares by exact count.</summary>
public sealed class TurnTests
{
    [Theory]
    [InlineData(5, 1, 1)]
    [InlineData(1, 2, 3)]
    [InlineData(100, 1, 1, 1, 1)]
    [InlineData(997, 991, 3)]
    [InlineData(10, 20, 30, 40)]
    [InlineData(1, 1, 1)]
    public void After_any_number_of_turns_each_has_its_share_to_within_one_and_after_a_round_exactly(params int[] weights)
    {
        var pool = new Pool(weights);
        var picker = new RoundRobin();
        var divisor = weights.Aggregate((a, b) => (int)System.Numerics.BigInteger.GreatestCommonDivisor(a, b));
        var round = weights.Sum() / divisor;
        var counts = new int[weights.Length];

        for (var turn = 1; turn <= 2 * round; turn++)
        {
            counts[pool.Pick(picker)]++;
            for (var i = 0; i < counts.Length; i++) Assert.InRange(counts[i] - (double)turn * weights[i] / weights.Sum(), -1, 1);
        }

        Assert.Equal(weights.Select(w => 2 * w / divisor), counts);
    }

    [Fact]
    public void Heavy_and_light_targets_are_mixed()
    {
        var weights = new int[51];
        Array.Fill(weights, 1);
        weights[0] = 50;
        var pool = new Pool(weights);
        var picker = new RoundRobin();

        var heavy = Enumerable.Range(0, 100).Select(_ => pool.Pick(picker) == 0).ToArray();

        Assert.Equal(50, heavy.Count(h => h));
        Assert.All(Enumerable.Range(0, 50), i => Assert.NotEqual(heavy[2 * i], heavy[2 * i + 1]));
    }

    [Fact]
    public void Weighted_turns_are_exact_from_many_threads()
    {
        Assert.Equal([10_000, 20_000, 70_000], new Pool(1, 2, 7).CountAtOnce(new RoundRobin(), 100_000));
    }

    [Fact]
    public void Many_targets_with_odd_weights_get_a_round_of_bounded_length_near_their_weights()
    {
        var weights = Enumerable.Range(0, 1000).Select(i => 1d + i * 37 % 998).ToArray();

        var turns = WeightedTurns.Make(weights);

        Assert.InRange(turns.Length, 1000, WeightedTurns.MaxLength + 1000);
        var counts = turns.CountBy(t => t).ToDictionary();
        Assert.All(Enumerable.Range(0, 1000), i => Assert.InRange(counts[i] - weights[i] / weights.Sum() * turns.Length, -1, 1));
    }

    [Fact]
    public void Shares_that_are_fractions_count()
    {
        Target[] targets = [Pool.New(0), Pool.New(1), Pool.New(2)];
        var pool = new Pool(targets, t => t == targets[0] ? 0.1 : 1);

        var counts = pool.Count(new RoundRobin(), 21_000);

        Assert.InRange(counts[0], 980, 1020);
        Assert.InRange(counts[1] - counts[2], -50, 50);
    }

    [Fact]
    public void A_snapshot_that_changes_is_followed_at_the_next_pick()
    {
        var (one, two) = (new Pool(1, 3), new Pool(1, 1, 2));
        var picker = new RoundRobin();

        Assert.Equal([25, 75], one.Count(picker, 100));
        Assert.Equal([25, 25, 50], two.Count(picker, 100));
        Assert.Equal([25, 75], one.Count(picker, 100));
    }

    [Fact]
    public void Calls_that_stay_are_spread_by_weight()
    {
        Assert.Equal([10, 20, 30], new Pool(1, 2, 3).Hold(new LeastOutstandingRequests(), 60));
        Assert.Equal([20, 20, 20], new Pool(1, 1, 1).Hold(new LeastOutstandingRequests(), 60));
    }

    [Fact]
    public void One_call_after_another_finds_all_idle_and_goes_by_weight()
    {
        Assert.Equal([100, 200, 300], new Pool(1, 2, 3).Count(new LeastOutstandingRequests(), 600));
    }

    [Fact]
    public void A_target_with_more_calls_gets_none_until_the_others_have_as_many()
    {
        var pool = new Pool(1, 1, 1);
        for (var i = 0; i < 10; i++) Assert.True(pool[1].TryBegin());
        var picker = new LeastOutstandingRequests();

        Assert.Equal([10, 10, 10], pool.Hold(picker, 20));
        pool.Targets.ToList().ForEach(t => Assert.Equal(10, t.InFlight));
        Assert.Equal([11, 11, 11], pool.Hold(picker, 3));
    }

    [Fact]
    public void Of_equally_loaded_targets_each_has_its_turn()
    {
        var pool = new Pool(1, 1, 1, 1);
        foreach (var target in pool.Targets) Assert.True(target.TryBegin());

        Assert.Equal([25, 25, 25, 25], pool.Count(new LeastOutstandingRequests(), 100));
    }

    [Fact]
    public void The_note_says_what_was_compared()
    {
        var pool = new Pool(1, 2);
        for (var i = 0; i < 3; i++)
        {
            Assert.True(pool[0].TryBegin());
            Assert.True(pool[1].TryBegin());
        }

        var picked = new LeastOutstandingRequests().Pick(pool.Snapshot, default, out var note);

        Assert.Equal((pool[1], 2, pool[0], 4), (picked, note.Score, note.Rival, note.RivalScore));
    }
}
