using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Routing;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Calls;

/// <summary>Deadlines that a rule sets or lowers, and calls that are silent for too long.</summary>
public sealed class DeadlineTests
{
    [Theory]
    [InlineData(null, 0, 0, null)]
    [InlineData("7S", 0, 0, "7S")]
    [InlineData(null, 3, 0, "3000000u")]
    [InlineData("7S", 3, 0, "7S")]
    [InlineData("7S", 0, 5, "5000000u")]
    [InlineData("4S", 3, 5, "4S")]
    [InlineData(null, 3, 5, "3000000u")]
    [InlineData(null, 0, 5, "5000000u")]
    [InlineData("later", 3, 5, "later")] // the target has to complain of it
    public async Task The_target_sees_the_deadline_that_counts(string? clients, int byDefault, int most, string? seen)
    {
        await using var target = Answers.Well();
        await using var engine = await CallEngine.Start(Of(byDefault, most), target.Url);
        await using var client = await engine.Connect();

        // The second one comes by the fields that the connection knows already.
        for (var i = 0; i < 3; i++)
        {
            var call = await engine.Call(client, clients is null ? [] : [("grpc-timeout", clients)]);
            await call.Ended();
            Assert.Equal("0", call.GrpcStatus);
        }

        Assert.All(target.Calls, c => Assert.Equal(seen is null ? [] : [seen], c.Headers.Where(h => h.Name == "grpc-timeout").Select(h => h.Value)));
    }

    [Fact]
    public async Task A_deadline_counts_from_the_call_however_long_the_loop_had_slept_before()
    {
        await using var target = Answers.Never();
        await using var engine = await CallEngine.Start(new CallSettings(), target.Url);
        await using var client = await engine.Connect();
        await engine.Pass(0, client);

        // Too short for any timer of the loop's own, so that nothing but the call wakes it.
        engine.Time.Advance(TimeSpan.FromMilliseconds(900));
        var call = await engine.Call(client, ("grpc-timeout", "1S"));
        await target.Call(0);
        await engine.Pass(500, client);
        Assert.False(call.HasEnded);

        await engine.Pass(600, client);
        await call.Ended();
        Assert.Equal("4", call.GrpcStatus);
    }

    [Fact]
    public async Task A_call_without_deadline_gets_the_rules_and_is_ended_by_it()
    {
        await using var target = Answers.Never();
        await using var engine = await CallEngine.Start(Of(3, 0), target.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client);
        await Eventually.Until(() => target.Calls.Count == 1, "the call");

        await engine.Pass(2_950, client);
        Assert.False(call.HasEnded);
        await engine.Pass(100, client);
        await call.Ended();

        Assert.Equal("4", call.GrpcStatus);
        await Eventually.Until(() => target.Calls[0].ResetCode == Wire.Cancel, "a reset");
        await engine.IsQuiet(calls: 1);
        Assert.Equal(OutcomeKind.TimedOut, Assert.Single(engine.Outcomes).Outcome.Kind);
        Assert.Equal(ExchangeEnd.Deadline, Assert.Single(engine.Reports).End);
    }

    [Fact]
    public async Task A_lowered_deadline_ends_also_a_response_that_has_begun()
    {
        await using var target = new Answers(async stream =>
        {
            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
            await stream.SendMessageAsync([1]);
        });
        await using var engine = await CallEngine.Start(Of(0, 5), target.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client, ("grpc-timeout", "1H"));
        await call.HasMessages(1);

        await engine.Pass(5_100, client);
        await call.Ended();

        Assert.Equal("4", call.GrpcStatus);
        await engine.IsQuiet(calls: 1);
    }

    [Fact]
    public async Task The_clients_own_deadline_is_left_to_both_ends_once_the_response_has_begun()
    {
        await using var target = new Answers(stream => stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]));
        await using var engine = await CallEngine.Start(Of(0, 60), target.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client, ("grpc-timeout", "5S"));
        await call.HasHeaders();

        await engine.Pass(6_000, client);

        Assert.False(call.HasEnded);
    }

    [Fact]
    public async Task What_is_not_gRPC_gets_504()
    {
        await using var target = Answers.Never();
        await using var engine = await CallEngine.Start(Of(3, 0), target.Url);
        await using var client = await engine.Connect();
        var call = await client.OpenAsync(Wire.Request(engine.Url, fields: ("content-type", "text/plain")), end: true);
        await Eventually.Until(() => target.Calls.Count == 1, "the call");

        await engine.Pass(3_100, client);
        await call.Ended();

        Assert.Equal("504", call.HttpStatus);
        Assert.Null((await target.Call(0)).Header("grpc-timeout"));
    }

    [Fact]
    public async Task A_silent_call_is_ended_and_one_that_is_not_goes_on()
    {
        await using var target = Answers.Never();
        await using var engine = await CallEngine.Start(Idle, target.Url);
        await using var client = await engine.Connect();
        var call = await client.OpenAsync(Wire.Request(engine.Url));
        await Eventually.Until(() => target.Calls.Count == 1, "the call");

        // Octets of either side count.
        for (var i = 1; i <= 3; i++)
        {
            await engine.Pass(8_000, client);
            await call.SendMessageAsync([1]);
            await (await target.Call(0)).HasMessages(i);
        }

        await engine.Pass(8_000, client);
        await (await target.Call(0)).SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
        await call.HasHeaders();
        for (var i = 1; i <= 3; i++)
        {
            await engine.Pass(8_000, client);
            await (await target.Call(0)).SendMessageAsync([1]);
            await call.HasMessages(i);
        }

        Assert.False(call.HasEnded);
        // PINGs do not: the engine's time passes by them here.
        await engine.Pass(9_900, client);
        Assert.False(call.HasEnded);
        await engine.Pass(200, client);
        await call.Ended();

        Assert.Equal("14", call.GrpcStatus);
        Assert.Contains("idle", call.GrpcMessage, StringComparison.Ordinal);
        await Eventually.Until(() => target.Calls[0].ResetCode == Wire.Cancel, "a reset");
        await engine.IsQuiet(calls: 1);
        Assert.Equal(ExchangeEnd.Idle, Assert.Single(engine.Reports).End);
    }

    [Fact]
    public async Task By_default_a_silent_call_goes_on_for_ever()
    {
        await using var target = Answers.Never();
        await using var engine = await CallEngine.Start(new CallSettings(), target.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client);
        await Eventually.Until(() => target.Calls.Count == 1, "the call");

        for (var i = 0; i < 100; i++) await engine.Pass(5_000, client);

        Assert.False(call.HasEnded);
        await RawTarget.Answer(await target.Call(0));
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
    }

    private static CallSettings Idle => new() { Idle = new IdleSettings { Timeout = TimeSpan.FromSeconds(10) } };

    private static CallSettings Of(int byDefault, int most) => new() { Deadline = new DeadlineSettings { Default = TimeSpan.FromSeconds(byDefault), Max = TimeSpan.FromSeconds(most) } };
}
