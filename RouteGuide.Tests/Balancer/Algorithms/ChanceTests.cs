using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Routing;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Algorithms;

/// <summary>Algorithms that draw: shares by chi-square, with seeds.</summary>
public sealed class ChanceTests
{
    private const int Picks = 60_000;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 2, 3)]
    [InlineData(1, 10, 100, 889)]
    public void Weighted_random_goes_by_weight(params int[] weights)
    {
        double[] shares = [.. weights.Select(w => (double)w)];
        Pool.AssertShares(new Pool(weights).Count(new WeightedRandom(new Dice(1)), Picks), shares);
        Pool.AssertShares(new Pool(weights).CountAtOnce(new WeightedRandom(new Dice(2)), Picks), shares);
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(1, 2)]
    [InlineData(1, 2, 3)]
    public void Two_choices_among_idle_targets_go_by_weight(params int[] weights)
    {
        Pool.AssertShares(new Pool(weights).Count(new PowerOfTwoChoices(new Dice(3)), Picks), [.. weights.Select(w => (double)w)]);
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(1, 2)]
    [InlineData(1, 2, 3)]
    public void Peak_ewma_among_targets_that_nothing_is_known_of_goes_by_weight(params int[] weights)
    {
        Pool.AssertShares(new Pool(weights).Count(Ewma(4, new ManualTime()), Picks), [.. weights.Select(w => (double)w)]);
    }

    [Fact]
    public void Two_choices_keep_calls_that_stay_closer_together_than_one_would()
    {
        var held = new Pool(Enumerable.Repeat(1, 100).ToArray()).Hold(new PowerOfTwoChoices(new Dice(5)), 10_000);

        // By single draws the fullest of a hundred would have about 125.
        Assert.InRange(held.Max(), 101, 104);
    }

    [Fact]
    public void Two_choices_spread_calls_that_stay_by_weight()
    {
        var held = new Pool(1, 2, 3, 4).Hold(new PowerOfTwoChoices(new Dice(6)), 10_000);

        Assert.All(held, (calls, i) => Assert.InRange(calls, (i + 1) * 990, (i + 1) * 1010));
    }

    [Fact]
    public void Never_the_busier_of_two()
    {
        var pool = new Pool(1, 1);
        Assert.True(pool[0].TryBegin());

        Assert.Equal([0, 1000], pool.Count(new PowerOfTwoChoices(new Dice(7)), 1000));
    }

    [Fact]
    public void Peak_ewma_avoids_what_answers_late_and_tries_it_again_when_that_is_long_ago()
    {
        var time = new ManualTime();
        var picker = Ewma(8, time);
        var pool = new Pool(1, 1, 1, 1, 1);
        foreach (var target in pool.Targets) picker.OnFirstOctet(target, TimeSpan.FromMilliseconds(target == pool[0] ? 100 : 5).Ticks);

        Assert.Equal(0, pool.Count(picker, 1000)[0]);

        // The others go on answering in 5 ms; nothing is heard of the slow one, so its mean shrinks to theirs: 10 s * ln 20.
        for (var second = 0; second < 29; second++) Pass();
        Assert.Equal(0, pool.Count(picker, 1000)[0]);
        for (var second = 0; second < 2; second++) Pass();
        Assert.InRange(pool.Count(picker, 1000)[0], 1, 1000);

        void Pass()
        {
            time.Advance(TimeSpan.FromSeconds(1));
            foreach (var target in pool.Targets.Skip(1)) picker.OnFirstOctet(target, TimeSpan.FromMilliseconds(5).Ticks);
        }
    }

    [Fact]
    public void Peak_ewma_weighs_latency_against_calls_that_wait()
    {
        var picker = Ewma(9, new ManualTime());
        var pool = new Pool(1, 1);
        picker.OnFirstOctet(pool[0], 10_000);
        picker.OnFirstOctet(pool[1], 40_000);

        Assert.Equal([8, 2], pool.Hold(picker, 10));
    }

    [Fact]
    public void A_new_target_counts_as_fast_as_its_rival_and_does_not_get_all_calls()
    {
        var picker = Ewma(10, new ManualTime());
        var pool = new Pool(1, 1, 1, 1);
        foreach (var target in pool.Targets.Take(3)) picker.OnFirstOctet(target, 50_000);

        Pool.AssertShares(pool.Count(picker, Picks), 1, 1, 1, 1);
    }

    [Theory]
    [InlineData(OutcomeKind.Answered, 14)]
    [InlineData(OutcomeKind.Answered, 8)]
    [InlineData(OutcomeKind.Reset, 0)]
    [InlineData(OutcomeKind.ConnectionLost, 0)]
    public void Failing_fast_is_not_answering_fast(object kind, int status)
    {
        var picker = Ewma(11, new ManualTime());
        var pool = new Pool(1, 1);
        foreach (var target in pool.Targets) picker.OnFirstOctet(target, 10_000);

        picker.OnOutcome(pool[0], new CallOutcome((OutcomeKind)kind, IsGrpc: true, status, 100, 100));

        Assert.Equal([0, 100], pool.Count(picker, 100));
    }

    [Fact]
    public void A_target_that_never_answers_counts_as_slow_as_its_callers_waited()
    {
        var picker = Ewma(12, new ManualTime());
        var pool = new Pool(1, 1);
        foreach (var target in pool.Targets) picker.OnFirstOctet(target, 10_000);

        picker.OnOutcome(pool[0], new CallOutcome(OutcomeKind.Abandoned, IsGrpc: true, 0, -1, 5_000));
        Pool.AssertShares(pool.Count(picker, 1000), 1, 1);
        picker.OnOutcome(pool[0], new CallOutcome(OutcomeKind.Abandoned, IsGrpc: true, 0, -1, 50_000));
        Assert.Equal([0, 100], pool.Count(picker, 100));
    }

    [Fact]
    public void The_mean_follows_a_rise_at_once_and_a_fall_slowly_whatever_the_clock_does()
    {
        var estimate = new LatencyEstimate();
        Assert.Equal(0, estimate.At(0, 1000));
        estimate.Observe(1000, 0, 1000);
        estimate.Observe(9000, 0, 1000);
        Assert.Equal(9000, estimate.At(0, 1000), 0.1);

        estimate.Observe(1000, 1000, 1000);
        Assert.Equal(1000 + 8000 / Math.E, estimate.At(1000, 1000), 0.1);
        // A clock that went back, or a count of milliseconds that turned over, is no time at all.
        Assert.Equal(estimate.At(1000, 1000), estimate.At(500, 1000));
        estimate.Observe(7000, uint.MaxValue, 1000);
        Assert.Equal(7000 / Math.E, estimate.At(uint.MaxValue + 1000L, 1000), 1);
        Assert.InRange(estimate.At(uint.MaxValue + 1_000_000L, 1000), 1, 10);
    }

    [Fact]
    public void The_same_seed_draws_the_same()
    {
        Assert.Equal(new Pool(1, 2, 3).Count(new WeightedRandom(new Dice(13)), 1000), new Pool(1, 2, 3).Count(new WeightedRandom(new Dice(13)), 1000));
        Assert.NotEqual(new Pool(1, 2, 3).Count(new WeightedRandom(new Dice(13)), 1000), new Pool(1, 2, 3).Count(new WeightedRandom(new Dice(14)), 1000));
    }

    private static PeakEwma Ewma(ulong seed, TimeProvider time) => new(new Dice(seed), TimeSpan.FromSeconds(10), time);
}
