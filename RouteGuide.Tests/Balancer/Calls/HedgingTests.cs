using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Routing;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Calls;

/// <summary>Calls that go to a further target before the first has answered: one answer wins, and the client gets that one alone.</summary>
public sealed class HedgingTests
{
    private static readonly CallSettings Three = new() { Hedging = new HedgingSettings { MaxAttempts = 3, Delay = TimeSpan.FromSeconds(1) } };

    [Fact]
    public async Task The_next_target_gets_the_call_after_the_delay_and_the_first_good_answer_wins()
    {
        await using var slow = Answers.Never();
        await using var fast = Answers.Well();
        await using var engine = await CallEngine.Start(Three, slow.Url, fast.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client);
        await Eventually.Until(() => slow.Calls.Count == 1, "the first attempt");

        await engine.Pass(950, client);
        Assert.Empty(fast.Calls);
        await engine.Pass(100, client);
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal("1", (await fast.Call(0)).Header("grpc-previous-rpc-attempts"));
        Assert.Equal([1, 2, 3], Assert.Single((await fast.Call(0)).Messages).Payload);
        await Eventually.Until(() => slow.Calls[0].ResetCode == Wire.Cancel, "a reset of the other");
        await engine.IsQuiet(calls: 1);
        Assert.Equal([OutcomeKind.Abandoned, OutcomeKind.Answered], engine.Outcomes.Select(o => o.Outcome.Kind).Order().Reverse());
    }

    [Fact]
    public async Task No_target_gets_a_call_twice_and_no_more_get_it_than_may()
    {
        var targets = Enumerable.Range(0, 4).Select(_ => Answers.Never()).ToList();
        await using var engine = await CallEngine.Start(Three, targets.Select(t => t.Url));
        await using var client = await engine.Connect();
        var call = await engine.Call(client);

        await engine.PassUntil(client, () => targets.Count(t => t.Calls.Count == 1) == 3, "three attempts");
        for (var i = 0; i < 5; i++) await engine.Pass(1_000, client);

        Assert.Equal([1, 1, 1, 0], targets.Select(t => t.Calls.Count));
        Assert.Equal(3, engine.Targets.Sum(t => t.InFlight));
        await RawTarget.Answer(targets[1].Calls[0]);
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
        await Eventually.Until(() => targets[0].Calls[0].IsReset && targets[2].Calls[0].IsReset, "resets of the others");
        await engine.IsQuiet(calls: 1);
        // Whoever looks at the last one finds who answered.
        Assert.Equal([0, 2, 1], Assert.Single(engine.Reports).Tries.Select(t => engine.Targets.IndexOf(t.Target)));
        foreach (var target in targets) await target.DisposeAsync();
    }

    [Fact]
    public async Task A_status_that_is_not_fatal_has_the_next_target_tried_at_once()
    {
        await using var failing = Answers.Of(14);
        await using var other = Answers.Well();
        await using var engine = await CallEngine.Start(Three, failing.Url, other.Url);
        await using var client = await engine.Connect();

        var call = await engine.Call(client);
        await Eventually.Until(() => engine.Outcomes.Count == 1, "the first answer");
        await engine.Pass(32, client);
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
        await engine.IsQuiet(calls: 1);
    }

    [Fact]
    public async Task A_status_that_is_fatal_is_the_answer()
    {
        await using var slow = Answers.Never();
        await using var refusing = Answers.Of(3);
        await using var engine = await CallEngine.Start(Three, slow.Url, refusing.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client);

        await engine.PassUntil(client, () => call.HasEnded, "the answer");

        Assert.Equal("3", call.GrpcStatus);
        await Eventually.Until(() => slow.Calls[0].ResetCode == Wire.Cancel, "a reset of the other");
        await engine.IsQuiet(calls: 1);
    }

    [Fact]
    public async Task When_all_fail_the_client_gets_the_last_answer()
    {
        await using var a = Answers.Of(14, ("grpc-message", "a"));
        await using var b = Answers.Of(14, ("grpc-message", "b"));
        await using var engine = await CallEngine.Start(new CallSettings { Hedging = new HedgingSettings { MaxAttempts = 2, Delay = TimeSpan.FromSeconds(1) } }, a.Url, b.Url);
        await using var client = await engine.Connect();

        var call = await engine.Call(client);
        await engine.PassUntil(client, () => call.HasEnded, "the answer");

        Assert.Equal(("14", "b"), (call.GrpcStatus, call.GrpcMessage));
        Assert.Equal((1, 1), (a.Calls.Count, b.Calls.Count));
        await engine.IsQuiet(calls: 1);
    }

    [Fact]
    public async Task A_failed_connection_leaves_the_others_at_work()
    {
        RawHttp2Connection? connection = null;
        await using var breaking = RawTarget.Start((c, _) =>
        {
            connection = c;
            return Task.CompletedTask;
        });
        await using var slow = Answers.Never();
        await using var engine = await CallEngine.Start(new CallSettings { Hedging = new HedgingSettings { MaxAttempts = 2, Delay = TimeSpan.FromSeconds(1) } }, breaking.Url, slow.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client);
        await engine.PassUntil(client, () => slow.Calls.Count == 1, "the second attempt");

        await connection!.DisposeAsync();
        await Eventually.Until(() => engine.Outcomes.Any(o => o.Outcome.Kind == OutcomeKind.ConnectionLost), "the loss");
        Assert.False(call.HasEnded);
        await RawTarget.Answer(await slow.Call(0));
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
        await engine.IsQuiet(calls: 1);
    }

    [Fact]
    public async Task Answers_that_come_together_are_one_answer()
    {
        // Both at once, again and again: whichever is read first wins, and nothing of the other gets through.
        var targets = Enumerable.Range(0, 2).Select(i => new Answers(async stream =>
        {
            await stream.HasMessages(1);
            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc"), ("x-from", $"{i}")]);
            await stream.SendMessageAsync([(byte)i]);
            await stream.SendHeadersAsync([("grpc-status", "0"), ("x-by", $"{i}")], end: true);
        })).ToList();
        await using var engine = await CallEngine.Start(new CallSettings { Hedging = new HedgingSettings { MaxAttempts = 2, Delay = TimeSpan.Zero } }, targets.Select(t => t.Url));
        await using var client = await engine.Connect();

        for (var n = 1; n <= 100; n++)
        {
            var call = await engine.Call(client);
            await engine.PassUntil(client, () => call.HasEnded, "the answer");
            var from = call.Header("x-from")!;
            Assert.Equal((from, from), ($"{Assert.Single(call.Messages).Payload[0]}", call.Trailer("x-by")));
            await engine.IsQuiet(n);
        }

        foreach (var target in targets)
        {
            Assert.Null(target.Target.Failure);
            await target.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_body_that_outgrows_what_is_kept_stays_with_the_target_that_has_most_of_it()
    {
        await using var first = Answers.Never();
        await using var second = Answers.Never();
        await using var engine = await CallEngine.Start(Three, first.Url, second.Url);
        await using var client = await engine.Connect();
        var call = await client.OpenAsync(Wire.Request(engine.Url));
        await call.SendMessageAsync(new byte[40_000]);
        await engine.PassUntil(client, () => second.Calls.Count == 1, "the second attempt");
        await (await second.Call(0)).HasMessages(1);

        await call.SendMessageAsync(new byte[40_000], end: true);

        await Eventually.Until(() => first.Calls[0].IsReset || second.Calls[0].IsReset, "the end of one");
        var left = (await first.Call(0)).IsReset ? (await second.Call(0)) : (await first.Call(0));
        await left.Ended();
        Assert.Equal(2, left.Messages.Count);
        await RawTarget.Answer(left);
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
        await engine.IsQuiet(calls: 1);
    }

    [Fact]
    public async Task A_body_that_is_longer_than_what_is_kept_has_no_hedge()
    {
        await using var first = Answers.Never();
        await using var second = Answers.Never();
        await using var engine = await CallEngine.Start(Three, first.Url, second.Url);
        await using var client = await engine.Connect();
        var call = await client.OpenAsync(Wire.Request(engine.Url));
        await call.SendMessageAsync(new byte[100_000], end: true);
        await Eventually.Until(() => first.Calls.Count == 1, "the attempt");
        await (await first.Call(0)).Ended();

        for (var i = 0; i < 3; i++) await engine.Pass(1_000, client);

        Assert.Empty(second.Calls);
        await RawTarget.Answer(await first.Call(0));
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
    }

    [Fact]
    public async Task Hedges_count_against_the_budget()
    {
        await using var a = Answers.Of(14, ("grpc-message", "a"));
        await using var b = Answers.Of(14, ("grpc-message", "b"));
        var settings = new CallSettings
        {
            Hedging = new HedgingSettings { MaxAttempts = 2, Delay = TimeSpan.FromSeconds(1) },
            Retry = new RetrySettings { Budget = new RetryBudgetSettings { MaxTokens = 2 } },
        };
        await using var engine = await CallEngine.Start(settings, a.Url, b.Url);
        await using var client = await engine.Connect();

        var call = await engine.Call(client);
        await call.Ended();

        Assert.Equal(("14", "a"), (call.GrpcStatus, call.GrpcMessage));
        Assert.Empty(b.Calls);
    }

    [Fact]
    public async Task Who_cancels_cancels_all_attempts()
    {
        await using var first = Answers.Never();
        await using var second = Answers.Never();
        await using var engine = await CallEngine.Start(Three, first.Url, second.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client);
        await engine.PassUntil(client, () => second.Calls.Count == 1, "the second attempt");

        await call.ResetAsync(Wire.Cancel);

        await Eventually.Until(() => first.Calls[0].ResetCode == Wire.Cancel && second.Calls[0].ResetCode == Wire.Cancel, "resets of both");
        await engine.IsQuiet(calls: 1);
        Assert.Equal(ExchangeEnd.ClientGone, Assert.Single(engine.Reports).End);
    }

    [Fact]
    public async Task Without_a_hedging_policy_a_slow_call_is_never_sent_twice()
    {
        await using var first = Answers.Never();
        await using var second = Answers.Never();
        await using var engine = await CallEngine.Start(new CallSettings { Retry = new RetrySettings { MaxAttempts = 5 } }, first.Url, second.Url);
        await using var client = await engine.Connect();
        await engine.Call(client);
        await Eventually.Until(() => first.Calls.Count == 1, "the attempt");

        for (var i = 0; i < 5; i++) await engine.Pass(10_000, client);

        Assert.Empty(second.Calls);
    }
}
