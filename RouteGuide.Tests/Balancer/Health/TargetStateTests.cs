using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Health.Checks;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Tests.Balancer.Health;

/// <summary>What a target is found in, and where calls may go by it.</summary>
public sealed class TargetStateTests
{
    [Fact]
    public void Without_checks_a_target_is_unavailable_and_gets_calls()
    {
        using var group = new KeptGroup(checks: null);
        group.Set(1);

        Assert.Equal((HealthState.Unavailable, "Target.HealthCheckDisabled"), (group.Of(1).State, group.Of(1).Reason));
        Assert.Equal([1], group.Routable);
        Assert.Empty(group.Probe.Times);
    }

    [Fact]
    public void A_new_target_is_checked_at_once_and_takes_calls_with_its_first_pass()
    {
        using var group = new KeptGroup(KeptGroup.Plan);
        Assert.Empty(group.Keeper.Members.Set("settings", [KeptGroup.Spec(1), KeptGroup.Spec(2)]));
        Assert.Equal((HealthState.Initial, "Elb.RegistrationInProgress"), (group.Of(1).State, group.Of(1).Reason));

        group.Probe.Fail(2);
        group.Pass(TimeSpan.Zero);

        Assert.Equal((HealthState.Healthy, null), (group.Of(1).State, group.Of(1).Reason));
        Assert.Equal((HealthState.Initial, "Elb.InitialHealthChecking"), (group.Of(2).State, group.Of(2).Reason));
        Assert.Equal([1], group.Routable);
    }

    [Fact]
    public void A_target_is_unhealthy_after_failures_in_a_row_and_healthy_after_passes_in_a_row()
    {
        using var group = new KeptGroup(KeptGroup.Plan);
        group.Set(1, 2);
        group.PassChecks();

        group.Probe.Fail(1);
        CheckOnce();
        Assert.Equal([1, 2], group.Routable);
        group.Probe.Pass(1);
        CheckOnce();
        group.Probe.Fail(1);
        CheckOnce();
        Assert.Equal(HealthState.Healthy, group.Of(1).State);
        CheckOnce();
        Assert.Equal([2], group.Routable);
        Assert.Equal((HealthState.Unhealthy, "Target.ResponseCodeMismatch", "Health checks failed with these codes: [14]"), (group.Of(1).State, group.Of(1).Reason, group.Of(1).Description));

        group.Probe.Pass(1);
        CheckOnce();
        CheckOnce();
        Assert.Equal([2], group.Routable);
        CheckOnce();
        Assert.Equal([1, 2], group.Routable);

        void CheckOnce()
        {
            var before = group.Probe.Times[1].Count;
            while (group.Probe.Times[1].Count == before) group.Pass(TimeSpan.FromMilliseconds(100));
        }
    }

    [Fact]
    public void A_check_that_takes_too_long_is_a_timeout()
    {
        using var group = new KeptGroup(KeptGroup.Plan with { UnhealthyThreshold = 1 });
        group.Probe.Until = new TaskCompletionSource().Task;
        group.Set(1);
        Assert.Equal("Elb.InitialHealthChecking", group.Of(1).Reason);

        group.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal((HealthState.Unhealthy, "Target.Timeout", "Request timed out"), (group.Of(1).State, group.Of(1).Reason, group.Of(1).Description));
    }

    [Fact]
    public void A_group_that_nothing_is_sent_to_is_unused_until_a_rule_uses_it()
    {
        using var group = new KeptGroup(KeptGroup.Plan, isInUse: false);
        group.Set(1);
        group.PassChecks();
        Assert.Equal((HealthState.Unused, "Target.NotInUse"), (group.Of(1).State, group.Of(1).Reason));
        Assert.Empty(group.Probe.Times);

        group.Keeper.Apply(group.Keeper.Settings with { IsInUse = true });
        group.Pass(TimeSpan.Zero);

        Assert.Equal(HealthState.Healthy, group.Of(1).State);
    }

    [Fact]
    public void Checks_that_are_turned_on_take_no_calls_away_before_they_have_spoken()
    {
        using var group = new KeptGroup(checks: null);
        group.Set(1, 2);
        group.Probe.Fail(1);

        group.Keeper.Apply(group.Keeper.Settings with { Checks = KeptGroup.Plan });
        Assert.Equal([1, 2], group.Routable);
        group.Pass(TimeSpan.Zero);
        Assert.Equal([1, 2], group.Routable);
        group.PassChecks();
        Assert.Equal([2], group.Routable);

        group.Keeper.Apply(group.Keeper.Settings with { Checks = null });
        Assert.Equal([1, 2], group.Routable);
        Assert.Equal(HealthState.Unavailable, group.Of(1).State);
    }

    [Fact]
    public void Other_checks_begin_at_once_and_keep_what_the_earlier_ones_have_found()
    {
        using var group = new KeptGroup(KeptGroup.Plan);
        group.Set(1);
        group.Probe.Fail(1);

        group.Keeper.Apply(group.Keeper.Settings with { Checks = KeptGroup.Plan with { Path = "/other" } });
        group.Pass(TimeSpan.Zero);

        Assert.Equal(2, group.Probe.Times[1].Count);
        Assert.Equal(HealthState.Healthy, group.Of(1).State);
    }

    [Fact]
    public void An_ejected_target_gets_no_calls_until_it_is_readmitted()
    {
        using var group = new KeptGroup(KeptGroup.Plan);
        group.Set(1, 2);
        var target = group.Entry(1).Target;

        Assert.True(group.Group.Targets.Eject(target, "5 failures in a row"));
        Assert.False(group.Group.Targets.Eject(target, "another reason"));
        Assert.Equal((HealthState.Ejected, "5 failures in a row"), (group.Of(1).State, group.Of(1).Description));
        Assert.Equal([2], group.Routable);

        Assert.True(group.Group.Targets.Readmit(target));
        Assert.Equal(HealthState.Healthy, group.Of(1).State);
        Assert.Equal([1, 2], group.Routable);
    }

    [Fact]
    public void A_suspect_is_shown_as_unhealthy()
    {
        using var group = new KeptGroup(checks: null);
        group.Set(1, 2);

        group.Group.Targets.SetSuspect(group.Entry(1).Target, true);

        Assert.Equal((HealthState.Unhealthy, "Target.FailedHealthChecks"), (group.Of(1).State, group.Of(1).Reason));
        Assert.Equal([2], group.Routable);
    }

    [Theory]
    // By default calls go to all when nobody is healthy.
    [InlineData(1, 0, true, 1, new[] { 1 }, false)]
    [InlineData(1, 0, true, 0, new[] { 1, 2, 3, 4 }, true)]
    // By count.
    [InlineData(2, 0, true, 2, new[] { 1, 2 }, false)]
    [InlineData(2, 0, true, 1, new[] { 1, 2, 3, 4 }, true)]
    // By percentage, of four.
    [InlineData(1, 50, true, 2, new[] { 1, 2 }, false)]
    [InlineData(1, 51, true, 2, new[] { 1, 2, 3, 4 }, true)]
    [InlineData(1, 100, true, 4, new[] { 1, 2, 3, 4 }, false)]
    // Never.
    [InlineData(2, 100, false, 1, new[] { 1 }, false)]
    [InlineData(1, 0, false, 0, new int[0], false)]
    public void Below_the_mark_calls_go_to_all_targets(int count, int percentage, bool failsOpen, int healthy, int[] routable, bool isOpen)
    {
        using var group = new KeptGroup(KeptGroup.Plan, new TargetAttributes { MinimumHealthyCount = count, MinimumHealthyPercentage = percentage, FailsOpen = failsOpen });
        for (var port = healthy + 1; port <= 4; port++) group.Probe.Fail(port);
        group.Set(1, 2, 3, 4);
        group.PassChecks(2);

        Assert.Equal(routable, group.Routable);
        Assert.Equal((healthy, 4, isOpen), (group.Now.Available, group.Now.Registered, group.Now.IsOpen));
        if (routable.Length == 0) Assert.Equal("no target is healthy", group.Now.WhyNone);
    }

    [Fact]
    public void Weights_and_shares_count_together()
    {
        using var group = new KeptGroup(checks: null);
        group.Keeper.Members.Set("settings", [KeptGroup.Spec(1, weight: 10), KeptGroup.Spec(2, weight: 999)]);
        Assert.Equal([10d, 999d], group.Now.Weights.ToArray());

        group.Keeper.Members.Set("settings", [KeptGroup.Spec(1, weight: 30), KeptGroup.Spec(2, weight: 999)]);
        group.Group.Targets.Update(e => e with { Share = 0.5 });

        Assert.Equal([15d, 499.5], group.Now.Weights.ToArray());
    }

    [Fact]
    public void Checks_keep_their_distance_by_chance_and_within_bounds()
    {
        using var group = new KeptGroup(KeptGroup.Plan);
        group.Set([.. Enumerable.Range(1, 50)]);
        group.Pass(KeptGroup.Interval * 40);

        var seconds = group.Probe.Times.Values.Select(t => t[1]).ToList();
        Assert.All(seconds, t => Assert.InRange(t, KeptGroup.Interval * 0.1, KeptGroup.Interval));
        Assert.True(seconds.Max() - seconds.Min() > KeptGroup.Interval / 2, "the second checks are spread");
        var distances = group.Probe.Times.Values.SelectMany(t => t.Skip(2).Zip(t.Skip(1), (later, earlier) => later - earlier)).ToList();
        Assert.All(distances, d => Assert.InRange(d, KeptGroup.Interval * 0.9, KeptGroup.Interval * 1.1));
        Assert.InRange(distances.Average(d => d.TotalSeconds), 9.9, 10.1);
        Assert.True(distances.Max() - distances.Min() > KeptGroup.Interval * 0.15, "they vary");
    }

    [Fact]
    public async Task A_thousand_targets_are_checked_a_few_hundred_at_a_time_and_all_in_time()
    {
        using var group = new KeptGroup(KeptGroup.Plan with { UnhealthyThreshold = 1 });
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        group.Probe.Until = answer.Task;
        group.Set([.. Enumerable.Range(1, 1000)]);
        Assert.Equal(CheckGate.MaxAtOnce, group.Probe.MostAtOnce);
        Assert.Equal(CheckGate.MaxAtOnce, group.Probe.Times.Count);

        answer.SetResult();

        await Support.Eventually.Until(() => group.Now.Available == 1000, "all are healthy");
        Assert.InRange(group.Probe.MostAtOnce, 1, CheckGate.MaxAtOnce);
        Assert.Single(group.Keeper.Members.Set("more", [KeptGroup.Spec(1001)]));
    }
}
