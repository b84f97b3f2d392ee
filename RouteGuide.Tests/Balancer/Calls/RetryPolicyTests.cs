using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Routing;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Calls;

/// <summary>What a rule has sent again although a target may have seen it (gRFC A6).</summary>
public sealed class RetryPolicyTests
{
    private static readonly CallSettings Twice = new() { Retry = new RetrySettings { MaxAttempts = 2 } };

    [Fact]
    public async Task A_status_that_is_the_whole_answer_is_tried_again_at_another_target_with_the_whole_request()
    {
        await using var failing = Answers.Of(14);
        await using var other = Answers.Well();
        await using var engine = await CallEngine.Start(Twice, failing.Url, other.Url);
        await using var client = await engine.Connect();

        var call = await engine.Call(client);
        await engine.PassUntil(client, () => call.HasEnded, "the answer");

        Assert.Equal("0", call.GrpcStatus);
        Assert.Null(Assert.Single(failing.Calls).Header("grpc-previous-rpc-attempts"));
        var second = Assert.Single(other.Calls);
        Assert.Equal("1", second.Header("grpc-previous-rpc-attempts"));
        Assert.Equal([1, 2, 3], Assert.Single(second.Messages).Payload);
        await engine.IsQuiet(calls: 1);
        Assert.Equal([(OutcomeKind.Answered, 14), (OutcomeKind.Answered, 0)], engine.Outcomes.Select(o => (o.Outcome.Kind, o.Outcome.Status)));
        Assert.Equal(engine.Targets, Assert.Single(engine.Reports).Tries.Select(t => t.Target));
    }

    [Fact]
    public async Task Without_a_policy_the_first_answer_counts()
    {
        await using var failing = Answers.Of(14);
        await using var other = Answers.Well();
        await using var engine = await CallEngine.Start(new CallSettings(), failing.Url, other.Url);
        await using var client = await engine.Connect();

        var call = await engine.Call(client);
        await call.Ended();

        Assert.Equal("14", call.GrpcStatus);
        Assert.Empty(other.Calls);
    }

    [Theory]
    [InlineData(3, 1)] // INVALID_ARGUMENT is not among the statuses
    [InlineData(0, 1)]
    [InlineData(14, 4)]
    public async Task When_the_attempts_are_used_up_the_client_gets_the_last_answer_as_it_is(int status, int attempts)
    {
        await using var target = Answers.Of(status, ("grpc-message", "so it is"), ("x-own", "kept"));
        await using var engine = await CallEngine.Start(new CallSettings { Retry = new RetrySettings { MaxAttempts = 4 } }, target.Url);
        await using var client = await engine.Connect();

        var call = await engine.Call(client);
        await engine.PassUntil(client, () => call.HasEnded, "the answer");

        Assert.Equal((status.ToString(), "so it is", "kept"), (call.GrpcStatus, call.GrpcMessage, call.Header("x-own")));
        Assert.Equal(attempts, target.Calls.Count);
        Assert.Equal(Enumerable.Range(0, attempts).Select(n => n == 0 ? null : $"{n}"), target.Calls.Select(c => c.Header("grpc-previous-rpc-attempts")));
        await engine.IsQuiet(calls: 1);
    }

    [Fact]
    public async Task A_status_behind_headers_is_not_tried_again()
    {
        await using var target = new Answers(async stream =>
        {
            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
            await stream.SendHeadersAsync([("grpc-status", "14")], end: true);
        });
        await using var engine = await CallEngine.Start(Twice, target.Url);
        await using var client = await engine.Connect();

        var call = await engine.Call(client);
        await call.Ended();

        Assert.Equal("14", call.GrpcStatus);
        Assert.Single(target.Calls);
    }

    [Fact]
    public async Task A_gateways_503_is_what_a_client_would_make_of_it_and_is_tried_again()
    {
        await using var failing = new Answers(async stream =>
        {
            await stream.SendHeadersAsync([(":status", "503"), ("content-type", "text/html")]);
            await stream.SendDataAsync(new byte[10]);
        });
        await using var other = Answers.Well();
        await using var engine = await CallEngine.Start(Twice, failing.Url, other.Url);
        await using var client = await engine.Connect();

        var call = await engine.Call(client);
        await engine.PassUntil(client, () => call.HasEnded, "the answer");

        Assert.Equal("0", call.GrpcStatus);
        // Nobody reads its page.
        await Eventually.Until(() => failing.Calls[0].ResetCode == Wire.Cancel, "a reset of the first");
        await engine.IsQuiet(calls: 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reset_is_tried_again_if_the_policy_says_so(bool onReset)
    {
        await using var failing = new Answers(stream => stream.ResetAsync(Wire.InternalError));
        await using var other = Answers.Well();
        await using var engine = await CallEngine.Start(new CallSettings { Retry = new RetrySettings { MaxAttempts = 2, OnReset = onReset } }, failing.Url, other.Url);
        await using var client = await engine.Connect();

        var call = await engine.Call(client);
        await engine.PassUntil(client, () => call.HasEnded, "the answer");

        Assert.Equal(onReset ? "0" : "13", call.GrpcStatus);
        Assert.Equal(onReset ? 1 : 0, other.Calls.Count);
        await engine.IsQuiet(calls: 1);
    }

    [Fact]
    public async Task A_lost_connection_is_tried_again()
    {
        await using var failing = RawTarget.Start((connection, _) => connection.DisposeAsync().AsTask());
        await using var other = Answers.Well();
        await using var engine = await CallEngine.Start(Twice, failing.Url, other.Url);
        await using var client = await engine.Connect();

        var call = await engine.Call(client);
        await engine.PassUntil(client, () => call.HasEnded, "the answer");

        Assert.Equal("0", call.GrpcStatus);
        await engine.IsQuiet(calls: 1);
        Assert.Equal(OutcomeKind.ConnectionLost, engine.Outcomes.First().Outcome.Kind);
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_is_cancelled_and_tried_again()
    {
        await using var slow = Answers.Never();
        await using var other = Answers.Well();
        var settings = new CallSettings { Retry = new RetrySettings { MaxAttempts = 2, PerTryTimeout = TimeSpan.FromSeconds(1), InitialBackoff = TimeSpan.Zero } };
        await using var engine = await CallEngine.Start(settings, slow.Url, other.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client);
        await Eventually.Until(() => slow.Calls.Count == 1, "the first attempt");

        await engine.Pass(950, client);
        Assert.False((await slow.Call(0)).IsReset);
        await engine.PassUntil(client, () => call.HasEnded, "the answer");

        Assert.Equal("0", call.GrpcStatus);
        await Eventually.Until(() => slow.Calls[0].ResetCode == Wire.Cancel, "a reset of the first");
        await engine.IsQuiet(calls: 1);
        Assert.Equal(OutcomeKind.TimedOut, engine.Outcomes.First().Outcome.Kind);
    }

    [Fact]
    public async Task When_every_attempt_takes_too_long_the_status_is_DEADLINE_EXCEEDED()
    {
        await using var slow = Answers.Never();
        await using var engine = await CallEngine.Start(new CallSettings { Retry = new RetrySettings { PerTryTimeout = TimeSpan.FromSeconds(1) } }, slow.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client);
        await Eventually.Until(() => slow.Calls.Count == 1, "the attempt");

        await engine.Pass(1_100, client);
        await call.Ended();

        Assert.Equal("4", call.GrpcStatus);
        Assert.Contains(engine.Targets[0].Name, call.GrpcMessage, StringComparison.Ordinal);
        await engine.IsQuiet(calls: 1);
    }

    [Fact]
    public async Task The_target_may_say_when_to_come_back()
    {
        await using var target = Answers.Of(14, ("grpc-retry-pushback-ms", "5000"));
        await using var engine = await CallEngine.Start(Twice, target.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client);
        await Eventually.Until(() => engine.Outcomes.Count == 1, "the first answer");

        await engine.Pass(4_950, client);
        Assert.Single(target.Calls);
        Assert.False(call.HasEnded);
        await engine.Pass(100, client);
        await call.Ended();

        Assert.Equal(2, target.Calls.Count);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("soon")]
    [InlineData("1.5")]
    [InlineData("")]
    public async Task The_target_may_say_not_to_come_back(string pushback)
    {
        await using var target = Answers.Of(14, ("grpc-retry-pushback-ms", pushback));
        await using var engine = await CallEngine.Start(Twice, target.Url);
        await using var client = await engine.Connect();

        var call = await engine.Call(client);
        await call.Ended();

        Assert.Equal("14", call.GrpcStatus);
        Assert.Single(target.Calls);
    }

    [Fact]
    public async Task The_deadline_goes_over_all_attempts_and_none_is_begun_behind_it()
    {
        await using var target = Answers.Of(14, ("grpc-retry-pushback-ms", "3000"));
        await using var engine = await CallEngine.Start(new CallSettings { Retry = new RetrySettings { MaxAttempts = 5 } }, target.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client, ("grpc-timeout", "5S"));
        await Eventually.Until(() => engine.Outcomes.Count == 1, "the first answer");

        await engine.Pass(3_100, client);
        await call.Ended();

        // A third attempt would begin 6.1 s after the first; so the second one's answer is the last.
        Assert.Equal("14", call.GrpcStatus);
        Assert.Equal(2, target.Calls.Count);
        Assert.Equal("5S", (await target.Call(0)).Header("grpc-timeout"));
        Assert.InRange(int.Parse((await target.Call(1)).Header("grpc-timeout")!.TrimEnd('u')), 1_800_000, 1_999_999);
        await engine.IsQuiet(calls: 1);
    }

    [Fact]
    public async Task Who_cancels_while_another_attempt_is_waited_for_costs_none()
    {
        await using var target = Answers.Of(14, ("grpc-retry-pushback-ms", "1000"));
        await using var engine = await CallEngine.Start(Twice, target.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client);
        await Eventually.Until(() => engine.Outcomes.Count == 1, "the first answer");

        await call.ResetAsync(Wire.Cancel);
        await engine.IsQuiet(calls: 1);
        await engine.Pass(2_000, client);

        Assert.Single(target.Calls);
        Assert.Equal(ExchangeEnd.ClientGone, Assert.Single(engine.Reports).End);
    }

    [Fact]
    public async Task A_deadline_that_passes_while_another_attempt_is_waited_for_ends_the_call()
    {
        await using var target = Answers.Of(14, ("grpc-retry-pushback-ms", "1000"));
        await using var engine = await CallEngine.Start(Twice, target.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client, ("grpc-timeout", "1100m"));
        await Eventually.Until(() => engine.Outcomes.Count == 1, "the first answer");

        // Both are due in the same turn, the attempt first or not.
        await engine.Pass(1_200, client);
        await call.Ended();

        await engine.IsQuiet(calls: 1);
        Assert.Contains(call.GrpcStatus, (string[])["4", "14"]);
    }

    [Fact]
    public async Task A_body_that_is_still_arriving_goes_to_each_attempt_whole_and_is_credited_once()
    {
        const int Pieces = 40;
        await using var failing = Answers.Of(14);
        RawHttp2Stream? seen = null;
        await using var other = new Answers(async stream =>
        {
            seen = stream;
            await stream.Ended();
            await RawTarget.Answer(stream);
        });
        await using var engine = await CallEngine.Start(Twice, failing.Url, other.Url);
        await using var client = await engine.Connect();
        var piece = new byte[1_000];
        var call = await client.OpenAsync(Wire.Request(engine.Url));
        await call.SendMessageAsync(piece);
        await Eventually.Until(() => engine.Outcomes.Count == 1, "the first answer");
        for (var i = 1; i < Pieces / 2; i++) await call.SendMessageAsync(piece);
        await engine.PassUntil(client, () => seen is not null, "the second attempt");
        for (var i = Pieces / 2; i < Pieces; i++) await call.SendMessageAsync(piece, end: i == Pieces - 1);
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal(Pieces, seen!.Messages.Count);
        Assert.All(seen.Messages, m => Assert.Equal(piece.Length, m.Payload.Length));
        var credited = client.Frames.Where(f => f.Type == RawHttp2FrameType.WindowUpdate && f.StreamId == call.Id).Sum(Increment);
        Assert.InRange(credited, 0, Pieces * (piece.Length + 5));
        await engine.IsQuiet(calls: 1);
    }

    [Fact]
    public async Task A_body_that_outgrew_what_is_kept_is_not_sent_again()
    {
        await using var failing = new Answers(async stream =>
        {
            await stream.HasMessages(1);
            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "14")], end: true);
        });
        await using var engine = await CallEngine.Start(Twice, failing.Url);
        await using var client = await engine.Connect();
        var call = await client.OpenAsync(Wire.Request(engine.Url));

        await call.SendMessageAsync(new byte[100_000]);
        await call.Ended();

        Assert.Equal("14", call.GrpcStatus);
        Assert.Single(failing.Calls);
        await engine.IsQuiet(calls: 1);
    }

    [Fact]
    public async Task Nothing_is_tried_again_when_half_of_the_budget_is_used_up()
    {
        await using var target = Answers.Of(14);
        var settings = new CallSettings { Retry = new RetrySettings { MaxAttempts = 2, InitialBackoff = TimeSpan.Zero, Budget = new RetryBudgetSettings { MaxTokens = 10 } } };
        await using var engine = await CallEngine.Start(settings, target.Url);
        await using var client = await engine.Connect();

        for (var i = 0; i < 10; i++)
        {
            var call = await engine.Call(client);
            await engine.PassUntil(client, () => call.HasEnded, "the answer");
            Assert.Equal("14", call.GrpcStatus);
        }

        // Two calls fail twice and take four of ten tokens; the third takes the fifth, and so half is left.
        Assert.Equal(12, target.Calls.Count);
    }

    [Fact]
    public async Task The_clients_own_attempts_are_counted_on()
    {
        await using var target = Answers.Of(14);
        await using var engine = await CallEngine.Start(Twice, target.Url);
        await using var client = await engine.Connect();

        var call = await engine.Call(client, ("grpc-previous-rpc-attempts", "2"));
        await engine.PassUntil(client, () => call.HasEnded, "the answer");

        Assert.Equal(["2", "3"], target.Calls.Select(c => c.Header("grpc-previous-rpc-attempts")));
    }

    [Fact]
    public async Task What_is_not_gRPC_is_not_tried_again()
    {
        await using var target = new Answers(stream => stream.SendHeadersAsync([(":status", "503")], end: true));
        await using var engine = await CallEngine.Start(Twice, target.Url);
        await using var client = await engine.Connect();

        var call = await client.OpenAsync(Wire.Request(engine.Url, fields: ("content-type", "text/plain")), end: true);
        await call.Ended();

        Assert.Equal("503", call.HttpStatus);
        Assert.Single(target.Calls);
    }

    [Fact]
    public async Task A_stop_while_another_attempt_is_waited_for_answers_the_client()
    {
        await using var target = Answers.Of(14, ("grpc-retry-pushback-ms", "60000"));
        await using var engine = await CallEngine.Start(Twice, target.Url);
        await using var client = await engine.Connect();
        var call = await engine.Call(client);
        await Eventually.Until(() => engine.Outcomes.Count == 1, "the first answer");

        var stopping = engine.Stop(TimeSpan.Zero);
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        await call.Ended();

        Assert.Equal("14", call.GrpcStatus);
        Assert.Equal("the balancer is stopping", call.GrpcMessage);
        await Eventually.Until(
            () =>
            {
                engine.Time.Advance(TimeSpan.FromSeconds(1));
                return stopping.IsCompleted;
            },
            "the end");
    }

    private static int Increment(RawHttp2Frame frame) => System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(frame.Payload);
}
