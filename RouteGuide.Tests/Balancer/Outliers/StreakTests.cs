using RouteGuide.Balancer.Health.Outliers;
using RouteGuide.Balancer.Routing;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Outliers;

/// <summary>Failures in a row: ejected before any time has passed.</summary>
public sealed class StreakTests
{
    [Theory]
    [InlineData(2, 14)]
    [InlineData(3, 8)]
    [InlineData(4, 13)]
    [InlineData(100, 2)]
    public void A_target_that_fails_is_ejected_after_the_fifth_call_and_its_peers_get_the_rest(int targets, int status)
    {
        using var herd = new Herd(targets);

        herd.Answer(1, status, 4);
        Assert.Empty(herd.Ejected);
        herd.Answer(1, status);

        Assert.Equal([1], herd.Ejected);
        Assert.DoesNotContain(herd[1], herd.Table.Current.Routable.ToArray());
        Assert.Equal($"5 calls in a row failed, the last one with {StatusSet.NameOf(status)}", herd.ReasonOf(1));
        Assert.Equal(0, herd.Traffic(1000, (index, _) => index == 1));
    }

    [Theory]
    [InlineData("Reset")]
    [InlineData("Invalid")]
    public void Resets_and_what_is_no_response_count(string kind)
    {
        using var herd = new Herd(2);

        for (var i = 0; i < 5; i++) herd.End(0, Enum.Parse<OutcomeKind>(kind));

        Assert.Equal([0], herd.Ejected);
    }

    [Theory]
    [InlineData(499, false)]
    [InlineData(404, false)]
    [InlineData(500, true)]
    [InlineData(503, true)]
    public void Of_what_is_not_gRPC_server_errors_count(int status, bool counts)
    {
        using var herd = new Herd(2);

        for (var i = 0; i < 5; i++) herd.End(0, new CallOutcome(OutcomeKind.Answered, IsGrpc: false, status, 10, 10));

        Assert.Equal(counts, herd.IsOut(0));
    }

    [Fact]
    public void What_clients_cause_never_counts()
    {
        using var herd = new Herd(2);

        foreach (var status in (int[])[0, 1, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15, 16]) herd.Answer(0, status, 1000);
        for (var i = 0; i < 1000; i++) herd.End(0, OutcomeKind.Abandoned);
        for (var i = 0; i < 1000; i++) herd.End(0, OutcomeKind.TimedOut);
        herd.Pass(5);

        Assert.Empty(herd.Ejected);
    }

    [Fact]
    public void Deadlines_count_by_option()
    {
        Assert.True(StatusSet.TryParse("deadline_exceeded, 14", out var statuses, out _));
        using var herd = new Herd(3, new OutlierSettings { Statuses = statuses });

        herd.Answer(0, 4, 5);
        for (var i = 0; i < 5; i++) herd.End(1, OutcomeKind.TimedOut);
        herd.Answer(2, 8, 100);

        Assert.Equal([0], herd.Ejected);
        herd.Pass(20);
        for (var i = 0; i < 5; i++) herd.End(1, OutcomeKind.TimedOut);
        Assert.Equal([1], herd.Ejected);
    }

    [Fact]
    public void A_call_that_goes_well_ends_the_row_and_one_that_says_nothing_does_not()
    {
        using var herd = new Herd(2);

        herd.Answer(0, 14, 4);
        herd.Answer(0, 5);
        herd.Answer(0, 14, 4);
        herd.End(0, OutcomeKind.Abandoned);
        Assert.Empty(herd.Ejected);
        herd.Answer(0, 14);

        Assert.Equal([0], herd.Ejected);
    }

    [Fact]
    public void A_connection_that_breaks_is_one_failure_however_many_calls_it_had()
    {
        using var herd = new Herd(2);

        for (var i = 0; i < 1000; i++) herd.End(0, i % 2 == 0 ? OutcomeKind.ConnectionLost : OutcomeKind.Refused);
        Assert.Empty(herd.Ejected);
        for (var n = 0; n < 4; n++)
        {
            herd.Pass(0.2);
            for (var i = 0; i < 10; i++) herd.End(0, OutcomeKind.NotConnected);
        }

        Assert.Equal([0], herd.Ejected);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(100)]
    public void Where_all_fail_nobody_is_ejected(int targets)
    {
        using var herd = new Herd(targets);

        for (var second = 0; second < 30; second++)
        {
            herd.Traffic(10 * targets, (_, _) => true);
            herd.Pass(1);
        }

        Assert.Empty(herd.Ejected);
        Assert.Equal(targets, herd.Table.Current.Routable.Length);
    }

    [Theory]
    [InlineData(2, 50, 1)]
    [InlineData(3, 50, 1)]
    [InlineData(4, 50, 2)]
    [InlineData(4, 10, 1)]
    [InlineData(4, 100, 3)]
    [InlineData(100, 50, 50)]
    [InlineData(100, 10, 10)]
    public void Not_more_than_a_share_are_ejected_though_always_one_and_never_all(int targets, int percent, int most)
    {
        using var herd = new Herd(targets, new OutlierSettings { MaxEjectedPercent = percent });

        for (var i = 0; i < targets - 1; i++) herd.Answer(i, 14, 5);

        Assert.Equal(most, herd.Ejected.Length);
    }

    [Fact]
    public void The_last_target_that_calls_can_go_to_stays()
    {
        using var herd = new Herd(3);
        Assert.True(herd.Table.SetSuspect(herd[1], true));
        Assert.True(herd.Table.Drain(herd[2]));

        herd.Answer(0, 14, 100);
        Assert.Empty(herd.Ejected);
        Assert.True(herd.Table.SetSuspect(herd[1], false));
        herd.Answer(0, 14, 5);

        Assert.Equal([0], herd.Ejected);
    }

    [Fact]
    public void Each_ejection_lasts_longer_up_to_a_limit()
    {
        using var herd = new Herd(2, new OutlierSettings { JitterPercent = 0, MaxEjection = TimeSpan.FromSeconds(25) });

        foreach (var seconds in (double[])[10, 20, 25, 25])
        {
            herd.Answer(0, 14, 5);
            Assert.Equal([0], herd.Ejected);
            herd.Pass(seconds - 0.1);
            Assert.Equal([0], herd.Ejected);
            herd.Pass(0.1);
            Assert.Empty(herd.Ejected);
            // Once is not enough: it has to fail as often as the first time.
            herd.Answer(0, 14);
            Assert.Empty(herd.Ejected);
            herd.Answer(0, 0);
        }

        Assert.Equal(8, herd.Log.Count);
        Assert.Equal(["Target t0 is ejected for 10.0 s: 5 calls in a row failed, the last one with UNAVAILABLE", "Target t0 gets calls again after its ejection: its time is over"], herd.Log.Take(2));
    }

    [Fact]
    public void Good_conduct_makes_the_next_ejection_shorter()
    {
        using var herd = new Herd(2);
        foreach (var seconds in (double[])[10, 20])
        {
            herd.Answer(0, 14, 5);
            herd.Pass(seconds);
        }

        // Of two intervals with calls that went well each takes one off; one without calls proves nothing.
        for (var interval = 0; interval < 2; interval++)
        {
            herd.Answer(0, 0, 10);
            herd.Pass(5);
        }

        herd.Pass(50);
        herd.Answer(0, 14, 5);
        herd.Pass(9.9);
        Assert.Equal([0], herd.Ejected);
        herd.Pass(0.1);
        Assert.Empty(herd.Ejected);
    }

    [Fact]
    public void Ejections_end_spread_by_chance()
    {
        using var herd = new Herd(40, new OutlierSettings { JitterPercent = 50 });
        for (var i = 0; i < 20; i++) herd.Answer(i, 14, 5);
        Assert.Equal(20, herd.Ejected.Length);

        herd.Pass(9.99);
        Assert.Equal(20, herd.Ejected.Length);
        herd.Pass(2.5);
        Assert.InRange(herd.Ejected.Length, 3, 17);
        herd.Pass(2.6);
        Assert.Empty(herd.Ejected);
    }

    [Fact]
    public void A_target_that_flaps_is_out_most_of_the_time()
    {
        using var herd = new Herd(3);
        var failed = 0;

        // Ten minutes in which it fails for 20 s and works for 10.
        for (var second = 0; second < 600; second++)
        {
            failed += herd.Traffic(30, (index, _) => index == 0 && second % 30 < 20);
            herd.Pass(1);
        }

        Assert.InRange(failed, 5, 150);
    }

    [Fact]
    public void A_passing_check_ends_an_ejection_by_option()
    {
        foreach (var ends in (bool[])[false, true])
        {
            using var herd = new Herd(2, new OutlierSettings { EndOnPassingCheck = ends });
            herd.Detector.OnCheckPassed(herd[0]);
            herd.Answer(0, 14, 5);

            herd.Detector.OnCheckPassed(herd[1]);
            Assert.Equal([0], herd.Ejected);
            herd.Detector.OnCheckPassed(herd[0]);

            Assert.Equal(!ends, herd.IsOut(0));
        }
    }

    [Fact]
    public void Turned_off_it_lets_all_back_in_and_judges_nobody()
    {
        using var herd = new Herd(2);
        herd.Answer(0, 14, 5);

        herd.Detector.Apply(new OutlierSettings { Enabled = false });
        Assert.Empty(herd.Ejected);
        herd.Answer(0, 14, 100);
        herd.Pass(100);
        Assert.Empty(herd.Ejected);

        herd.Detector.Apply(new OutlierSettings { ConsecutiveFailures = 3 });
        herd.Answer(0, 0);
        herd.Answer(0, 14, 3);
        Assert.Equal([0], herd.Ejected);
    }

    [Fact]
    public void A_target_that_was_taken_out_while_ejected_comes_back_as_a_new_one()
    {
        using var herd = new Herd(2);
        herd.Answer(0, 14, 5);
        Assert.True(herd.Table.Remove(herd[0]));

        herd.Pass(100);

        Assert.Single(herd.Table.Current.Entries);
        Assert.True(herd.Table.TryAdd(new Target("t0", herd[0].Address, leased: false)));
        Assert.Equal(2, herd.Table.Current.Routable.Length);
    }

    [Fact]
    public void Calls_that_fail_on_many_threads_eject_once()
    {
        using var herd = new Herd(4);

        Parallel.For(0, 10_000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i => herd.Answer(i % 4, i % 4 == 2 ? 14 : 0));

        Assert.Equal([2], herd.Ejected);
        Assert.Single(herd.Log);
    }

    [Fact]
    public void An_outcome_allocates_nothing()
    {
        using var herd = new Herd(1);
        Allocations.None(Run);

        void Run()
        {
            for (var i = 0; i < 1000; i++) herd.Detector.OnOutcome(herd[0], new CallOutcome((OutcomeKind)(i % 8), true, i % 17, 10, 10));
        }
    }
}
