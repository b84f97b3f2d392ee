using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Tests.Balancer.Calls;

/// <summary>Settings of calls, and what becomes of them.</summary>
public sealed class CallSettingsTests
{
    [Theory]
    [InlineData("UNAVAILABLE", "UNAVAILABLE")]
    [InlineData("unavailable, 8,DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED,RESOURCE_EXHAUSTED,UNAVAILABLE")]
    [InlineData("", "")]
    [InlineData("OK", null)]
    [InlineData("0", null)]
    [InlineData("17", null)]
    [InlineData("-1", null)]
    [InlineData("UNAVAILABLE,GONE", null)]
    public void Statuses_are_read_by_name_and_number(string text, string? read)
    {
        Assert.Equal(read is not null, StatusSet.TryParse(text, out var set, out var expected));
        Assert.Equal(read, set?.ToString());
        Assert.Equal(read is null, expected is not null);
    }

    [Fact]
    public void Settings_that_do_not_fit_one_another_are_named()
    {
        var settings = new CallSettings
        {
            Retry = new RetrySettings { MaxAttempts = 3, InitialBackoff = TimeSpan.FromSeconds(2), MaxBackoff = TimeSpan.FromSeconds(1) },
            Hedging = new HedgingSettings { MaxAttempts = 2 },
            Deadline = new DeadlineSettings { Default = TimeSpan.FromSeconds(9), Max = TimeSpan.FromSeconds(5) },
        };

        Assert.Equal(["deadline.default_seconds", "hedging.max_attempts", "retry.max_backoff_seconds"], settings.Check().Select(p => p.Setting).Order());
        Assert.Empty(new CallSettings().Check());
    }

    [Fact]
    public void With_the_defaults_there_is_no_policy_and_calls_need_not_look_at_one()
    {
        Assert.Null(CallPolicy.Of(new CallSettings(), null, TimeProvider.System));
    }

    [Fact]
    public void What_was_counted_counts_on_when_other_settings_change()
    {
        var settings = new CallSettings { Retry = new RetrySettings { MaxAttempts = 2 }, RateLimit = new RateLimitSettings { RequestsPerSecond = 1 } };
        var first = CallPolicy.Of(settings, null, TimeProvider.System)!;

        var same = CallPolicy.Of(settings with { Idle = new IdleSettings { Timeout = TimeSpan.FromSeconds(1) } }, first, TimeProvider.System)!;
        var other = CallPolicy.Of(settings with { RateLimit = new RateLimitSettings { RequestsPerSecond = 2 } }, first, TimeProvider.System)!;

        Assert.Same(first.Budget, same.Budget);
        Assert.Same(first.Limiter, same.Limiter);
        Assert.NotSame(first.Limiter, other.Limiter);
    }

    [Fact]
    public void A_budget_allows_repetitions_while_more_than_half_of_it_is_there()
    {
        var budget = new RetryBudget(new RetryBudgetSettings { MaxTokens = 4, TokenRatio = 0.5 });

        budget.OnFailure();
        Assert.True(budget.Allows);
        budget.OnFailure();
        Assert.False(budget.Allows);
        budget.OnSuccess();
        Assert.True(budget.Allows);
        for (var i = 0; i < 100; i++) budget.OnFailure();
        for (var i = 0; i < 4; i++) budget.OnSuccess();
        Assert.False(budget.Allows);
        budget.OnSuccess();
        Assert.True(budget.Allows);
    }

    [Fact]
    public async Task Responses_name_their_target_and_attempt_where_that_is_wanted()
    {
        await using var failing = Answers.Of(14);
        await using var other = Answers.Well();
        await using var engine = await CallEngine.Start(new CallSettings { Retry = new RetrySettings { MaxAttempts = 2 } }, failing.Url, other.Url);
        await using var client = await engine.Connect();
        engine.NamesTargets = true;

        var call = await engine.Call(client);
        await engine.PassUntil(client, () => call.HasEnded, "the answer");
        engine.NamesTargets = false;
        var plain = await engine.Call(client);
        await engine.PassUntil(client, () => plain.HasEnded, "the answer");

        Assert.Equal((engine.Targets[1].Name, "2"), (call.Header("x-routeguide-target"), call.Header("x-routeguide-attempt")));
        Assert.Null(plain.Header("x-routeguide-target"));
    }
}
