using RouteGuide.Balancer.Proxy;

namespace RouteGuide.Tests.Balancer;

/// <summary>When to connect again, and when a silent peer is given up.</summary>
public sealed class BackoffTests
{
    private const int Longest = ProxyOptions.LongestReconnectDelayMs;

    [Fact]
    public void Failures_wait_longer_each_time_up_to_a_bound()
    {
        var random = new Random(1);
        var backoff = default(Backoff);

        var delays = Enumerable.Range(0, 100).Select(_ => backoff.AfterFailure(random)).ToList();

        Assert.InRange(delays[0], 25, 50);
        Assert.InRange(delays[1], 50, 100);
        Assert.InRange(delays[4], 400, 800);
        Assert.All(delays.Skip(6), d => Assert.InRange(d, Longest / 2, Longest));
        Assert.True(delays.Skip(6).Distinct().Count() > 20, "they are spread");
    }

    [Fact]
    public void A_first_loss_is_replaced_at_once_and_quick_ones_after_it_wait()
    {
        var random = new Random(1);
        var backoff = default(Backoff);

        Assert.Equal(0, backoff.AfterLoss(0, random));
        Assert.InRange(backoff.AfterLoss(0, random), 25, 50);
        Assert.InRange(backoff.AfterLoss(10, random), 50, 100);
    }

    [Fact]
    public void The_loss_of_a_connection_that_lasted_is_replaced_at_once()
    {
        var random = new Random(1);
        var backoff = default(Backoff);
        for (var i = 0; i < 10; i++) backoff.AfterFailure(random);

        Assert.Equal(0, backoff.AfterLoss(ProxyOptions.LastingConnectionMs, random));
        Assert.InRange(backoff.AfterFailure(random), 25, 50);
    }

    [Fact]
    public void A_silent_peer_is_pinged_and_given_up_when_it_does_not_answer()
    {
        var keepAlive = new KeepAlive(quietMs: 10, answerMs: 20);

        Assert.Equal(KeepAliveStep.Nothing, keepAlive.Look(9, heardMs: 0, mayPing: true));
        Assert.Equal(KeepAliveStep.Ping, keepAlive.Look(10, heardMs: 0, mayPing: true));
        Assert.Equal(KeepAliveStep.Nothing, keepAlive.Look(30, heardMs: 0, mayPing: true));
        Assert.Equal(KeepAliveStep.GiveUp, keepAlive.Look(31, heardMs: 0, mayPing: true));
    }

    [Fact]
    public void Whatever_a_peer_says_answers_a_PING_and_the_next_silence_has_another()
    {
        var keepAlive = new KeepAlive(quietMs: 10, answerMs: 20);
        Assert.Equal(KeepAliveStep.Ping, keepAlive.Look(10, heardMs: 0, mayPing: true));

        Assert.Equal(KeepAliveStep.Nothing, keepAlive.Look(31, heardMs: 30, mayPing: true));
        Assert.Equal(KeepAliveStep.Ping, keepAlive.Look(40, heardMs: 30, mayPing: true));
        Assert.Equal(KeepAliveStep.GiveUp, keepAlive.Look(61, heardMs: 30, mayPing: true));
    }

    [Fact]
    public void An_answer_within_the_same_millisecond_counts()
    {
        var keepAlive = new KeepAlive(quietMs: 10, answerMs: 20);
        Assert.Equal(KeepAliveStep.Ping, keepAlive.Look(10, heardMs: 0, mayPing: true));

        Assert.NotEqual(KeepAliveStep.GiveUp, keepAlive.Look(31, heardMs: 10, mayPing: true));
    }

    [Fact]
    public void Where_no_PING_is_wanted_silence_is_borne()
    {
        var keepAlive = new KeepAlive(quietMs: 10, answerMs: 20);

        Assert.Equal(KeepAliveStep.Nothing, keepAlive.Look(1000, heardMs: 0, mayPing: false));
    }
}
