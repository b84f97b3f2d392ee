using RouteGuide.Http2.Transport;

namespace RouteGuide.Tests.Balancer.Transport;

/// <summary>Timers of a loop, with the time given.</summary>
public sealed class TimerWheelTests
{
    private readonly TimerWheel _wheel = new(0);
    private readonly List<string> _fired = [];

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(1_000)]
    [InlineData(4_096)]
    [InlineData(60_000)]
    public void A_timer_fires_once_and_never_early(int due)
    {
        _wheel.Set(Timer("a"), due);

        long firedAt = -1;
        for (long now = 0; now < due + 100; now++)
        {
            Advance(now);
            if (firedAt < 0 && _fired.Count > 0) firedAt = now;
        }

        Assert.Equal(["a"], _fired);
        Assert.InRange(firedAt, due, due + 16);
        Assert.Equal(0, _wheel.Count);
    }

    [Fact]
    public void A_long_turn_misses_nothing()
    {
        for (var i = 0; i < 100; i++) _wheel.Set(Timer($"{i}"), i * 100);

        Advance(20_000);

        Assert.Equal(100, _fired.Count);
    }

    [Fact]
    public void A_cleared_timer_does_not_fire_also_when_another_clears_it_as_both_are_due()
    {
        LoopTimer b = null!;
        LoopTimer? a = null;
        a = new LoopTimer(() => _wheel.Clear(b));
        b = new LoopTimer(() => _wheel.Clear(a));
        var cleared = 0;
        var c = new LoopTimer(() => cleared++);
        _wheel.Set(a, 5);
        _wheel.Set(b, 5);
        _wheel.Set(c, 5);
        _wheel.Clear(c);

        Advance(100);

        Assert.Equal(0, cleared);
        Assert.Equal(0, _wheel.Count);
    }

    [Fact]
    public void A_timer_set_anew_fires_at_its_new_time_alone()
    {
        var timer = Timer("a");
        _wheel.Set(timer, 50);
        _wheel.Set(timer, 500);

        Advance(400);
        Assert.Empty(_fired);
        Advance(520);
        Assert.Equal(["a"], _fired);
    }

    [Fact]
    public void A_loop_sleeps_no_longer_than_to_the_next_timer()
    {
        Assert.Equal(-1, _wheel.MillisecondsToNext(0));
        _wheel.Set(Timer("a"), 1_000);

        var sleep = _wheel.MillisecondsToNext(0);
        Assert.InRange(sleep, 1, 1_016);
        Advance(1_016);
        Assert.Equal(["a"], _fired);
    }

    [Fact]
    public void One_timer_that_throws_keeps_no_other_from_firing()
    {
        var errors = 0;
        _wheel.Set(new LoopTimer(() => throw new InvalidOperationException("odd")), 5);
        _wheel.Set(Timer("a"), 5);

        _wheel.Advance(100, _ => errors++);

        Assert.Equal(1, errors);
        Assert.Equal(["a"], _fired);
    }

    private LoopTimer Timer(string name) => new(() => _fired.Add(name));

    private void Advance(long now) => _wheel.Advance(now, e => Assert.Fail(e.Message));
}
