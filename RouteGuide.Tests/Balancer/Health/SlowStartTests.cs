using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Tests.Balancer.Health;

/// <summary>The share of targets that have just begun to take calls.</summary>
public sealed class SlowStartTests
{
    private static readonly TargetAttributes In100Seconds = new() { SlowStart = TimeSpan.FromSeconds(100) };

    [Fact]
    public void The_share_of_a_new_target_grows_in_a_straight_line()
    {
        using var group = new KeptGroup(checks: null, In100Seconds);
        group.Set(1);
        group.Keeper.Members.Set("more", [KeptGroup.Spec(2, weight: 10)]);
        Assert.Equal([1d, 10 * TargetEntry.LeastRamp], group.Now.Weights.ToArray());

        for (var second = 1; second <= 100; second++)
        {
            group.Pass(TimeSpan.FromSeconds(1));
            Assert.Equal(10 * second / 100d, group.Now.Weights[1], 9);
        }

        Assert.Equal(1, group.Of(2).Share);
        var before = group.Now;
        group.Pass(TimeSpan.FromSeconds(100));
        Assert.Same(before, group.Now);
    }

    [Fact]
    public void The_first_targets_of_an_empty_group_start_at_once()
    {
        using var group = new KeptGroup(KeptGroup.Plan, In100Seconds);
        group.Set(1);
        using var together = new KeptGroup(checks: null, In100Seconds);
        together.Set(1, 2, 3);

        Assert.Equal(1, group.Of(1).Share);
        Assert.Equal([1d, 1, 1], together.Now.Weights.ToArray());
    }

    [Fact]
    public void A_target_that_is_healthy_again_starts_anew()
    {
        using var group = new KeptGroup(KeptGroup.Plan with { HealthyThreshold = 1, UnhealthyThreshold = 1 }, In100Seconds);
        group.Set(1, 2);
        group.Pass(TimeSpan.FromSeconds(100));
        Assert.Equal([1d, 1], group.Now.Weights.ToArray());

        group.Probe.Fail(2);
        group.PassChecks();
        Assert.Equal(HealthState.Unhealthy, group.Of(2).State);
        group.Probe.Pass(2);
        while (group.Of(2).State != HealthState.Healthy) group.Pass(TimeSpan.FromMilliseconds(10));
        Assert.Equal(TargetEntry.LeastRamp, group.Of(2).Share);

        group.Pass(TimeSpan.FromSeconds(50));
        Assert.Equal(0.5, group.Of(2).Share, 2);
    }

    [Fact]
    public void Where_nobody_is_warm_nobody_starts_slowly()
    {
        using var group = new KeptGroup(KeptGroup.Plan with { HealthyThreshold = 1, UnhealthyThreshold = 1 }, In100Seconds);
        group.Set(1);
        group.Probe.Fail(1);
        group.PassChecks();
        group.Probe.Pass(1);
        group.PassChecks();

        Assert.Equal((HealthState.Healthy, 1), (group.Of(1).State, group.Of(1).Share));
    }

    [Fact]
    public void An_algorithm_without_slow_start_ends_it()
    {
        using var group = new KeptGroup(checks: null, In100Seconds);
        group.Set(1);
        group.Set(1, 2);
        group.Pass(TimeSpan.FromSeconds(30));
        Assert.Equal(0.3, group.Of(2).Share, 9);

        group.Keeper.Apply(group.Keeper.Settings with { AllowsSlowStart = false });
        Assert.Equal(1, group.Of(2).Share);
        group.Set(1, 2, 3);
        Assert.Equal(1, group.Of(3).Share);
    }

    [Fact]
    public void Targets_that_were_there_before_it_was_turned_on_do_not_take_part()
    {
        using var group = new KeptGroup(checks: null);
        group.Set(1, 2);

        group.Keeper.Apply(group.Keeper.Settings with { Attributes = In100Seconds });

        Assert.Equal([1d, 1], group.Now.Weights.ToArray());
    }
}
