using RouteGuide.Balancer.Health.Outliers;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Tests.Balancer.Outliers;

/// <summary>Shares of failures, once an interval: who fails now and then, and the others do not.</summary>
public sealed class ComparisonTests
{
    private static readonly OutlierSettings Settings = new();

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(100)]
    public void A_target_that_fails_every_other_call_is_ejected_when_the_interval_is_over(int targets)
    {
        using var herd = new Herd(targets);

        herd.Traffic(40 * targets, (index, n) => index == 1 && n / targets % 2 == 0);
        herd.Pass(4.9);
        Assert.Empty(herd.Ejected);
        herd.Pass(0.1);

        Assert.Equal([1], herd.Ejected);
        Assert.Equal("50% of 40 calls failed, with other targets 0%", herd.ReasonOf(1));
    }

    [Fact]
    public void Too_few_requests_prove_nothing()
    {
        using var herd = new Herd(3);

        herd.Traffic(3 * 19, (index, n) => index == 1 && n / 3 % 2 == 0);
        herd.Pass(5);

        Assert.Empty(herd.Ejected);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(20)]
    public void Where_all_fail_alike_nobody_is_ejected_but_by_rare_chance(int targets)
    {
        using var herd = new Herd(targets);
        var random = new Random(7);

        // An hour in which every fifth call fails.
        for (var interval = 0; interval < 720; interval++)
        {
            herd.Traffic(30 * targets, (_, _) => random.NextDouble() < 0.2);
            herd.Pass(5);
        }

        Assert.InRange(herd.Log.Count(l => l.Contains("calls failed", StringComparison.Ordinal)), 0, 720 * targets / 300);
    }

    [Fact]
    public void Many_bad_ones_do_not_hide_one_another()
    {
        TallyCount[] counts = [.. Enumerable.Range(0, 10).Select(i => new TallyCount(i < 4 ? 60 : 1, 100))];

        Assert.Equal([0, 1, 2, 3], PeerComparison.Outliers(counts, Settings).Select(o => o.Place).Order());
    }

    [Fact]
    public void The_worst_goes_first()
    {
        Assert.Equal([2, 0], PeerComparison.Outliers([new(50, 100), new(0, 100), new(90, 100), new(1, 100), new(0, 100)], Settings).Select(o => o.Place));
    }

    [Fact]
    public void Among_many_a_small_difference_is_found_by_standard_deviations_if_chance_does_not_explain_it()
    {
        TallyCount[] counts = [.. Enumerable.Range(0, 20).Select(i => new TallyCount(i == 3 ? 100 : 10, 1000))];
        var found = Assert.Single(PeerComparison.Outliers(counts, Settings));
        Assert.Equal(3, found.Place);
        Assert.Contains("standard deviations", found.Reason, StringComparison.Ordinal);

        // Of four it takes a wider gap; and of fewer requests it may be chance.
        Assert.Empty(PeerComparison.Outliers(counts[..4], Settings));
        Assert.Empty(PeerComparison.Outliers([.. counts.Select(c => new TallyCount(c.Failures / 25, c.Volume / 25))], Settings));
        Assert.Empty(PeerComparison.Outliers(counts, Settings with { StdevFactor = 0 }));
    }

    [Fact]
    public void Each_rule_can_be_turned_off()
    {
        TallyCount[] counts = [new(50, 100), new(0, 100)];

        Assert.Single(PeerComparison.Outliers(counts, Settings));
        Assert.Empty(PeerComparison.Outliers(counts, Settings with { FailureGapPercent = 0 }));
        Assert.Empty(PeerComparison.Outliers(counts, Settings with { FailureGapPercent = 51 }));
    }

    [Fact]
    public void Calls_that_run_and_those_that_say_nothing_are_not_counted()
    {
        using var herd = new Herd(2);
        herd.Answer(0, 14, 2);
        herd.Answer(0, 0, 3);
        for (var i = 0; i < 100; i++)
        {
            herd.End(0, OutcomeKind.Abandoned);
            Assert.True(herd[0].TryBegin());
        }

        Assert.Equal(new TallyCount(2, 5), herd[0].Load.Outcomes.Count(herd[0]));
    }
}
