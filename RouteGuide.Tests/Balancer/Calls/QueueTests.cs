using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Calls;

/// <summary>So many calls at each target at once, and the others in a queue of limited length.</summary>
public sealed class QueueTests
{
    private static readonly ConcurrencySettings OneEach = new() { MaxPerTarget = 1, QueueSize = 2, QueueTimeout = TimeSpan.FromSeconds(10) };

    [Fact]
    public async Task Calls_go_to_targets_with_room_wait_in_order_and_are_refused_at_once_when_the_queue_is_full()
    {
        await using var a = Answers.Never();
        await using var b = Answers.Never();
        await using var engine = await CallEngine.StartWith(new CallSettings(), OneEach, [a.Url, b.Url]);
        await using var client = await engine.Connect();
        var running = new[] { await engine.Call(client), await engine.Call(client) };
        await Eventually.Until(() => a.Calls.Count == 1 && b.Calls.Count == 1, "a call at each");

        var waiting = new[] { await engine.Call(client, ("x-place", "1")), await engine.Call(client, ("x-place", "2")) };
        var refused = await engine.Call(client);
        await refused.Ended();

        Assert.Equal(("8", true), (refused.GrpcStatus, refused.IsTrailersOnly));
        Assert.Contains("2 more wait", refused.GrpcMessage, StringComparison.Ordinal);
        Assert.Equal(2, engine.Group.Queue.Count);
        await RawTarget.Answer(await b.Call(0));
        await Eventually.Until(() => b.Calls.Count == 2, "the first of those who wait");
        Assert.Equal("1", (await b.Call(1)).Header("x-place"));
        await RawTarget.Answer(await a.Call(0));
        await Eventually.Until(() => a.Calls.Count == 2, "the second of those who wait");
        Assert.Equal("2", (await a.Call(1)).Header("x-place"));
        await RawTarget.Answer(await a.Call(1));
        await RawTarget.Answer(await b.Call(1));
        foreach (var call in running.Concat(waiting))
        {
            await call.Ended();
            Assert.Equal("0", call.GrpcStatus);
        }

        await engine.IsQuiet(calls: 5);
    }

    [Fact]
    public async Task Without_a_queue_the_call_that_is_too_many_is_refused_at_once()
    {
        await using var target = Answers.Never();
        await using var engine = await CallEngine.StartWith(new CallSettings(), new ConcurrencySettings { MaxPerTarget = 1 }, [target.Url]);
        await using var client = await engine.Connect();
        var first = await engine.Call(client);
        await Eventually.Until(() => target.Calls.Count == 1, "the first");

        var refused = await engine.Call(client);
        var web = await client.OpenAsync(Wire.Request(engine.Url, fields: ("content-type", "text/plain")), end: true);
        await Task.WhenAll(refused.Ended(), web.Ended());

        Assert.Equal(("8", "503"), (refused.GrpcStatus, web.HttpStatus));
        await RawTarget.Answer(await target.Call(0));
        await first.Ended();
        var next = await engine.Call(client);
        await Eventually.Until(() => target.Calls.Count == 2, "the next");
        await RawTarget.Answer(await target.Call(1));
        await next.Ended();
        Assert.Equal("0", next.GrpcStatus);
        await engine.IsQuiet(calls: 4);
    }

    [Fact]
    public async Task A_call_waits_no_longer_than_it_may()
    {
        await using var target = Answers.Never();
        await using var engine = await CallEngine.StartWith(new CallSettings(), OneEach, [target.Url]);
        await using var client = await engine.Connect();
        await engine.Call(client);
        await Eventually.Until(() => target.Calls.Count == 1, "the first is there, before time passes");
        var waiting = await engine.Call(client);
        await Eventually.Until(() => engine.Group.Queue.Count == 1, "the second waits");

        await engine.Pass(9_900, client);
        Assert.False(waiting.HasEnded);
        await engine.Pass(200, client);
        await waiting.Ended();

        Assert.Equal("8", waiting.GrpcStatus);
        Assert.Equal(0, engine.Group.Queue.Count);
        Assert.Equal(ExchangeEnd.Overloaded, Assert.Single(engine.Reports).End);
    }

    [Fact]
    public async Task What_a_call_waits_counts_for_its_deadline()
    {
        await using var target = Answers.Never();
        await using var engine = await CallEngine.StartWith(new CallSettings(), OneEach, [target.Url]);
        await using var client = await engine.Connect();
        await engine.Call(client);
        await Eventually.Until(() => target.Calls.Count == 1, "the first is there, before time passes");
        var late = await engine.Call(client, ("grpc-timeout", "5S"));
        var later = await engine.Call(client, ("grpc-timeout", "9S"));
        await Eventually.Until(() => engine.Group.Queue.Count == 2, "they wait");

        await engine.Pass(5_100, client);
        await late.Ended();
        Assert.Equal("4", late.GrpcStatus);
        await RawTarget.Answer(await target.Call(0));
        await Eventually.Until(() => target.Calls.Count == 2, "the other");

        Assert.InRange(int.Parse((await target.Call(1)).Header("grpc-timeout")!.TrimEnd('u')), 1, 3_900_000);
        await RawTarget.Answer(await target.Call(1));
        await later.Ended();
        await engine.IsQuiet(calls: 3);
    }

    [Fact]
    public async Task Who_cancels_while_he_waits_gives_up_his_place()
    {
        await using var target = Answers.Never();
        await using var engine = await CallEngine.StartWith(new CallSettings(), OneEach, [target.Url]);
        await using var client = await engine.Connect();
        await engine.Call(client);
        var leaving = await engine.Call(client, ("x-place", "1"));
        var staying = await engine.Call(client, ("x-place", "2"));
        await Eventually.Until(() => engine.Group.Queue.Count == 2, "they wait");

        await leaving.ResetAsync(Wire.Cancel);
        await Eventually.Until(() => engine.Group.Queue.Count == 1, "one has left");
        await RawTarget.Answer(await target.Call(0));
        await Eventually.Until(() => target.Calls.Count == 2, "the other one's turn");
        Assert.Equal("2", (await target.Call(1)).Header("x-place"));
        await RawTarget.Answer(await target.Call(1));
        await staying.Ended();

        await engine.IsQuiet(calls: 3);
    }

    [Fact]
    public async Task A_stop_answers_those_who_wait()
    {
        await using var target = Answers.Never();
        await using var engine = await CallEngine.StartWith(new CallSettings(), OneEach, [target.Url]);
        await using var client = await engine.Connect();
        await engine.Call(client);
        await Eventually.Until(() => target.Calls.Count == 1, "the first is there, before time passes");
        var waiting = await engine.Call(client);
        await Eventually.Until(() => engine.Group.Queue.Count == 1, "the second waits");

        var stopping = engine.Stop(TimeSpan.Zero);
        await Eventually.Until(
            () =>
            {
                engine.Time.Advance(TimeSpan.FromSeconds(1));
                return stopping.IsCompleted;
            },
            "the end");

        await waiting.Ended();
        Assert.Equal(("14", "the balancer is stopping"), (waiting.GrpcStatus, waiting.GrpcMessage));
        Assert.Equal(0, engine.Group.Queue.Count);
        Assert.Equal(0, engine.Targets[0].InFlight);
    }

    [Fact]
    public async Task A_higher_limit_lets_those_in_who_wait()
    {
        await using var target = Answers.Never();
        await using var engine = await CallEngine.StartWith(new CallSettings(), OneEach, [target.Url]);
        await using var client = await engine.Connect();
        await engine.Call(client);
        await engine.Call(client);
        await Eventually.Until(() => engine.Group.Queue.Count == 1, "the second waits");

        engine.Group.Queue.Apply(OneEach with { MaxPerTarget = 2 });

        await Eventually.Until(() => target.Calls.Count == 2, "both");
    }

    [Fact]
    public async Task The_limit_holds_over_all_loops_and_every_call_gets_its_turn()
    {
        const int Clients = 8;
        const int Each = 40;
        var (running, most) = (0, 0);
        await using var target = new Answers(async stream =>
        {
            var now = Interlocked.Increment(ref running);
            for (var seen = Volatile.Read(ref most); now > seen && Interlocked.CompareExchange(ref most, now, seen) != seen; seen = Volatile.Read(ref most))
            {
            }

            await stream.HasMessages(1);
            Interlocked.Decrement(ref running);
            await RawTarget.Answer(stream);
        });
        await using var engine = await CallEngine.StartWith(new CallSettings(), new ConcurrencySettings { MaxPerTarget = 3, QueueSize = 1_000, QueueTimeout = TimeSpan.FromHours(1) }, [target.Url], loops: 4);

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            await using var client = await engine.Connect();
            var calls = await Task.WhenAll(Enumerable.Range(0, Each).Select(_ => engine.Call(client)));
            foreach (var call in calls)
            {
                await call.Ended();
                Assert.Equal("0", call.GrpcStatus);
            }
        }));

        Assert.InRange(most, 1, 3);
        await engine.IsQuiet(Clients * Each);
    }

    [Fact]
    public async Task Another_attempt_goes_to_a_target_with_room()
    {
        await using var failing = Answers.Of(14);
        await using var busy = Answers.Never();
        await using var free = Answers.Well();
        var retry = new CallSettings { Retry = new RetrySettings { MaxAttempts = 2, InitialBackoff = TimeSpan.Zero } };
        await using var engine = await CallEngine.StartWith(retry, OneEach, [busy.Url, failing.Url, free.Url]);
        await using var client = await engine.Connect();
        await engine.Call(client);
        await Eventually.Until(() => busy.Calls.Count == 1, "one is busy");

        for (var i = 0; i < 6; i++)
        {
            var call = await engine.Call(client);
            await engine.PassUntil(client, () => call.HasEnded, "the answer");
            Assert.Equal("0", call.GrpcStatus);
        }

        Assert.Single(busy.Calls);
    }
}
