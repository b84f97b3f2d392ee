using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Telemetry.Events;
using RouteGuide.Tests.Balancer.Health;

namespace RouteGuide.Tests.Balancer.Telemetry;

/// <summary>What happened lately is kept, in its order and not for ever.</summary>
public sealed class EventHistoryTests
{
    [Fact]
    public void What_befalls_targets_is_told_in_their_states_own_words()
    {
        using var group = new KeptGroup(KeptGroup.Plan, new TargetAttributes { DeregistrationDelay = TimeSpan.FromSeconds(10) });
        var history = new EventHistory(group.Time);
        history.Follow(group.Group);
        group.Set(1, 2);
        var last = history.LastId;

        var target = group.Entry(1).Target;
        Assert.True(group.Group.Targets.Eject(target, "5 failures in a row"));
        Assert.True(group.Group.Targets.Readmit(target));
        group.Keeper.Members.Set("settings", [KeptGroup.Spec(1, weight: 5), KeptGroup.Spec(2)]);
        Assert.True(target.TryBegin());
        group.Set(2);
        target.End();
        group.Pass(TimeSpan.Zero);

        Assert.Equal(
            ["Ejection healthy ejected", "Ejection ejected healthy", "Weight 1 5", "Deregister healthy draining"],
            history.After(last).Take(4).Select(e => $"{e.Kind} {e.From} {e.To}"));
        Assert.Contains("5 failures in a row", history.After(last)[0].Reason, StringComparison.Ordinal);
        Assert.Equal(["Register", "Register"], history.After(0).Where(e => e.Kind == EventKind.Register).Select(e => $"{e.Kind}"));
        Assert.All(history.After(0), e => Assert.Equal(("g", group.Time.GetUtcNow()), (e.Group, e.Time)));
    }

    [Fact]
    public void Old_events_make_room_and_ids_go_on()
    {
        var history = new EventHistory(TimeProvider.System);
        for (var i = 0; i < EventHistory.Capacity + 7; i++) history.Add(EventKind.Reload, null, null, null, null, new string('x', 10_000));

        var kept = history.After(0);
        Assert.Equal((EventHistory.Capacity, 8L, EventHistory.Capacity + 7L), (kept.Count, kept[0].Id, history.LastId));
        Assert.Equal([history.LastId], history.After(history.LastId - 1).Select(e => e.Id));
        Assert.All(kept, e => Assert.True(e.Reason!.Length <= EventHistory.MaxReason + 1));
    }
}
