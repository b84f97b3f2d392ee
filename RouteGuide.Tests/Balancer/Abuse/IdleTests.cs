using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Abuse;

/// <summary>What silence means: without streams a connection is idle and ends; with streams it lives as long as its peer is there.</summary>
public sealed class IdleTests
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_silent_stream_of_3_minutes_lives_while_PINGs_are_answered_and_is_ended_when_they_are_not()
    {
        var time = new ManualTime();
        RawHttp2Stream? seen = null;
        await using var target = RawTarget.Start((_, stream) =>
        {
            seen = stream;
            return stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
        });
        await using var balancer = await BalancerUnderTest.StartAt(time, [target.Url], "Balancer:Limits:IdleTimeout=60");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var call = await client.OpenAsync(Wire.Request(balancer.Tls));
        await call.HasHeaders();

        // Half of the interval at a time, so that each PING is answered before the next is due.
        for (var elapsed = TimeSpan.Zero; elapsed < TimeSpan.FromMinutes(3); elapsed += 3 * Step)
        {
            var pings = Pings(client);
            for (var i = 0; i < 3; i++) time.Advance(Step);
            await client.Until(() => Pings(client) > pings, $"a PING after {elapsed}");
            await Answered(client);
        }

        await call.SendMessageAsync([1]);
        await seen!.HasMessages(1);
        await seen.SendMessageAsync([2]);
        await call.HasMessages(1);

        client.Acknowledges = false;
        await Eventually.Until(
            () =>
            {
                time.Advance(Step);
                return client.IsClosed;
            },
            "the connection is given up");
        await seen.Ended();
        Assert.Equal(Wire.Cancel, seen.ResetCode);
    }

    [Fact]
    public async Task A_connection_without_streams_is_asked_to_leave_after_60_seconds_though_it_answers_PINGs()
    {
        var time = new ManualTime();
        await using var target = RawTarget.Start((_, stream) => RawTarget.Answer(stream));
        await using var balancer = await BalancerUnderTest.StartAt(time, [target.Url]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        for (var elapsed = 0; elapsed < 105; elapsed += 5)
        {
            if (elapsed == 50)
            {
                var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
                await call.Ended();
                Assert.Equal("0", call.GrpcStatus);
            }

            time.Advance(Step);
            await Answered(client);
            Assert.DoesNotContain(client.Frames, f => f.Type == RawHttp2FrameType.GoAway);
        }

        await Eventually.Until(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return client.IsClosed;
            },
            "it is closed");

        Assert.Equal([Wire.NoError, Wire.NoError], client.Frames.Where(f => f.Type == RawHttp2FrameType.GoAway).Select(f => f.ErrorCode));
        Assert.Null(client.Failure);
    }

    [Fact]
    public async Task Without_an_idle_timeout_a_connection_stays()
    {
        var time = new ManualTime();
        await using var balancer = await BalancerUnderTest.StartAt(time, [], "Balancer:Limits:IdleTimeout=0");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        for (var i = 0; i < 60; i++)
        {
            time.Advance(Step);
            await Answered(client);
        }

        Assert.DoesNotContain(client.Frames, f => f.Type == RawHttp2FrameType.GoAway);
    }

    private static int Pings(RawHttp2Connection client) => client.Frames.Count(f => f.Type == RawHttp2FrameType.Ping && (f.Flags & RawHttp2Flags.Ack) == 0);

    // A round trip of our own: whatever the loop had to say before is here, and our answers to it are there.
    private static async Task Answered(RawHttp2Connection client)
    {
        for (var i = 0; i < 2; i++)
        {
            var before = client.Frames.Count(IsAnswer);
            await client.SendAsync(RawHttp2FrameType.Ping, 0, 0, new byte[8]);
            await client.Until(() => client.Frames.Count(IsAnswer) > before, "the answer to our PING");
        }

        static bool IsAnswer(RawHttp2Frame frame) => frame.Type == RawHttp2FrameType.Ping && (frame.Flags & RawHttp2Flags.Ack) != 0;
    }
}
