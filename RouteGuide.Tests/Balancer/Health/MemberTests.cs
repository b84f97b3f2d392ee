using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Routing;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Health;

/// <summary>Targets that come and go by several sources.</summary>
public sealed class MemberTests
{
    private static readonly TargetAttributes TenSeconds = new() { DeregistrationDelay = TimeSpan.FromSeconds(10) };

    [Fact]
    public void An_address_that_stays_keeps_its_target_with_counters_and_health()
    {
        using var group = new KeptGroup(KeptGroup.Plan);
        group.Set(1, 2);
        var kept = group.Entry(2).Target;
        Assert.True(kept.TryBegin());

        group.Set(2, 3);

        Assert.Same(kept, group.Entry(2).Target);
        Assert.Equal((1, HealthState.Healthy), (kept.InFlight, group.Of(2).State));
        Assert.Equal([2, 3], group.Routable);
        Assert.Equal([2, 3], group.Now.Entries.Select(e => e.Target.Address.Port));
    }

    [Fact]
    public void A_target_of_several_sources_stays_until_the_last_lets_go_of_it()
    {
        using var group = new KeptGroup(checks: null);
        group.Set(1);
        group.Keeper.Members.Set("dns", [KeptGroup.Spec(1), KeptGroup.Spec(2)]);
        var target = group.Entry(1).Target;

        group.Set();
        Assert.Same(target, group.Entry(1).Target);
        group.Keeper.Members.Set("dns", []);

        Assert.Empty(group.Now.Entries);
        Assert.True(target.IsClosed);
    }

    [Fact]
    public void A_target_that_was_taken_out_by_hand_comes_back_as_if_it_had_not_been()
    {
        using var group = new KeptGroup(checks: null);
        group.Set(1, 2);
        var members = group.Keeper.Members;
        Assert.True(members.Reweigh(KeptGroup.Spec(1).Address, 7));
        Assert.Empty(members.Deregister([KeptGroup.Spec(1).Address]));
        group.Set(1, 2);
        Assert.Equal([2], group.Routable);
        Assert.Equal([KeptGroup.Spec(1, weight: 7)], members.TakenOut);

        Assert.True(members.Restore(KeptGroup.Spec(1).Address));

        Assert.Equal((7, 0), (group.Entry(1).Target.Weight, members.TakenOut.Count));
        // Its source still has it, and alone.
        group.Set(2);
        Assert.Equal([2], group.Routable);
        Assert.False(members.Restore(KeptGroup.Spec(1).Address));
    }

    [Fact]
    public void A_weight_by_hand_stays_until_a_source_says_another_one_than_before()
    {
        using var group = new KeptGroup(checks: null);
        group.Set(1, 2);
        Assert.True(group.Keeper.Members.Reweigh(KeptGroup.Spec(1).Address, 5));

        group.Set(1, 2);
        Assert.Equal(5, group.Entry(1).Target.Weight);
        group.Keeper.Members.Set("settings", [KeptGroup.Spec(1, weight: 2), KeptGroup.Spec(2)]);

        Assert.Equal(2, group.Entry(1).Target.Weight);
        Assert.Equal([2d, 1], group.Now.Weights.ToArray());
    }

    [Fact]
    public async Task A_target_with_calls_drains_and_is_gone_with_the_last_one()
    {
        using var group = new KeptGroup(KeptGroup.Plan, TenSeconds);
        group.Set(1, 2);
        var target = group.Entry(1).Target;
        Assert.True(target.TryBegin());

        group.Set(2);

        Assert.False(target.TryBegin());
        Assert.Equal([2], group.Routable);
        Assert.Equal((HealthState.Draining, "Target.DeregistrationInProgress"), (group.Of(1).State, group.Of(1).Reason));
        var checks = group.Probe.Times[1].Count;
        group.Pass(TimeSpan.FromSeconds(9.9));
        Assert.Equal(HealthState.Draining, group.Of(1).State);
        Assert.Equal(checks, group.Probe.Times[1].Count);

        target.End();

        await Eventually.Until(() => group.Now.Entries.Length == 1, "it is gone");
        Assert.False(target.Expired.IsCancellationRequested);
    }

    [Fact]
    public async Task The_calls_that_are_left_after_the_delay_are_ended()
    {
        using var group = new KeptGroup(checks: null, TenSeconds);
        group.Set(1);
        var target = group.Entry(1).Target;
        Assert.True(target.TryBegin());
        group.Set();

        group.Pass(TimeSpan.FromSeconds(9.9));
        Assert.False(target.Expired.IsCancellationRequested);
        group.Pass(TimeSpan.FromSeconds(0.1));

        await Eventually.Until(() => target.Expired.IsCancellationRequested, "its calls are told");
        await Eventually.Until(() => group.Now.Entries.IsEmpty, "it is gone");
    }

    [Fact]
    public async Task An_address_that_comes_back_while_it_drains_is_a_new_target()
    {
        using var group = new KeptGroup(KeptGroup.Plan, TenSeconds);
        group.Set(1);
        var old = group.Entry(1).Target;
        Assert.True(old.TryBegin());
        group.Set();

        group.Set(1);

        Assert.NotSame(old, group.Entry(1).Target);
        Assert.Equal([1], group.Routable);
        old.End();
        await Eventually.Until(() => group.Now.Entries.Length == 1, "the old one is gone");
        Assert.Equal(HealthState.Healthy, group.Of(1).State);
    }

    [Fact]
    public void What_was_deregistered_by_hand_does_not_come_back_by_itself()
    {
        using var group = new KeptGroup(checks: null);
        var (address, members) = (KeptGroup.Spec(1).Address, group.Keeper.Members);
        members.Set("dns", [KeptGroup.Spec(1), KeptGroup.Spec(2)]);

        Assert.Empty(members.Deregister([address]));
        members.Set("dns", [KeptGroup.Spec(1), KeptGroup.Spec(2)]);
        Assert.Equal([2], group.Routable);
        Assert.Equal([address], members.Deregister([address]));

        members.Register([KeptGroup.Spec(1)]);
        Assert.Equal([2, 1], group.Routable);

        members.Deregister([address]);
        members.Set("dns", [KeptGroup.Spec(2)]);
        members.Set("dns", [KeptGroup.Spec(1), KeptGroup.Spec(2)]);
        Assert.Equal([2, 1], group.Routable);
    }

    [Fact]
    public void No_more_than_a_thousand_fit_in_and_the_rest_is_named()
    {
        using var group = new KeptGroup(checks: null);

        var left = group.Keeper.Members.Set("dns", [.. Enumerable.Range(1, 1002).Select(p => KeptGroup.Spec(p))]);

        Assert.Equal([1001, 1002], left.Select(s => s.Address.Port));
        Assert.Equal(1000, group.Routable.Length);
    }
}
