using System.Buffers.Binary;
using System.Text;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Rotation;

/// <summary>A connection that is old or has carried enough is replaced: GOAWAY in two steps (RFC 9113 section 6.8), and nothing is lost.</summary>
public sealed class RotationTests
{
    // For clients that do not close what they were asked to leave, as these here.
    private const string Linger = "Balancer:Limits:GoAwayLinger=0.2";

    [Fact]
    public async Task After_so_many_calls_a_connection_takes_what_is_on_its_way_and_no_more()
    {
        var release = new TaskCompletionSource();
        await using var target = await KestrelTarget.Start(async context =>
        {
            await release.Task;
            await KestrelTarget.Answer(context);
        });
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "Balancer:MaxRequestsPerConnection=2", Linger);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);
        client.Acknowledges = false;
        List<RawHttp2Stream> calls = [];
        for (var i = 0; i < 3; i++) calls.Add(await client.OpenAsync(RawHttp2Connection.GrpcRequest("/test.Service/Call"), end: true));

        var first = await client.WaitForAsync(IsGoAway(int.MaxValue), "the first GOAWAY");
        var ping = await client.WaitForAsync(f => f.Type == RawHttp2FrameType.Ping, "the PING behind it");
        await client.SendAsync(RawHttp2FrameType.Ping, RawHttp2Flags.Ack, 0, ping.Payload);
        var second = await client.WaitForAsync(IsGoAway(calls[2].Id), "the second GOAWAY, with the last call in it");
        release.SetResult();
        foreach (var call in calls) await call.Ended();
        await Eventually.Until(() => client.IsClosed, "the end of the connection when its calls have ended");

        Assert.All(calls, call => Assert.Equal("0", call.GrpcStatus));
        Assert.All([first, second], goAway => Assert.Equal((0u, "max_requests"), (Code(goAway), Debug(goAway))));
        Assert.Equal(2, client.Frames.Count(f => f.Type == RawHttp2FrameType.GoAway));
        Assert.Equal(3, target.Calls);
    }

    [Fact]
    public async Task A_connection_that_is_old_enough_ends_when_its_last_call_has()
    {
        var release = new TaskCompletionSource();
        await using var target = await KestrelTarget.Start(async context =>
        {
            await release.Task;
            await KestrelTarget.Answer(context);
        });
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "Balancer:MaxConnectionAge=0.2", Linger);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var call = await client.OpenAsync(RawHttp2Connection.GrpcRequest("/test.Service/Call", (":scheme", "https")), end: true);

        await client.WaitForAsync(IsGoAway(call.Id), "the second GOAWAY");
        Assert.False(client.IsClosed);
        release.SetResult();
        await call.Ended();
        await Eventually.Until(() => client.IsClosed, "the end of the connection");

        Assert.Equal("0", call.GrpcStatus);
        Assert.All(client.Frames.Where(f => f.Type == RawHttp2FrameType.GoAway), goAway => Assert.Equal((0u, "max_age"), (Code(goAway), Debug(goAway))));
    }

    [Fact]
    public async Task An_idle_connection_is_told_too_and_closed()
    {
        await using var balancer = await BalancerUnderTest.StartWith([], "Balancer:MaxConnectionAge=0.1", Linger);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);

        await Eventually.Until(() => client.IsClosed, "the end of the connection");

        Assert.Equal([int.MaxValue, 0], client.Frames.Where(f => f.Type == RawHttp2FrameType.GoAway).Select(LastId));
    }

    [Fact]
    public async Task A_client_that_is_about_to_use_the_connection_finds_GOAWAY_and_not_its_end()
    {
        await using var balancer = await BalancerUnderTest.StartWith([], "Balancer:MaxConnectionAge=0.1", "Balancer:Limits:GoAwayLinger=60");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);
        await client.WaitForAsync(IsGoAway(0), "the second GOAWAY");

        // What comes too late is ignored (RFC 9113 section 6.8); the connection answers as before.
        await client.OpenAsync(RawHttp2Connection.GrpcRequest("/test.Service/Call"), end: true);
        await client.SendAsync(RawHttp2FrameType.Ping, 0, 0, new byte[8]);
        await client.WaitForAsync(f => f.Type == RawHttp2FrameType.Ping && (f.Flags & RawHttp2Flags.Ack) != 0, "the answer to a PING");

        Assert.False(client.IsClosed);
        Assert.DoesNotContain(client.Frames, f => f.Type is RawHttp2FrameType.Headers or RawHttp2FrameType.RstStream);
        await balancer.Stop();
        await Eventually.Until(() => client.IsClosed, "the end of the connection when the balancer stops");
    }

    [Fact]
    public async Task Without_the_settings_a_connection_is_kept()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);

        for (var i = 0; i < 200; i++) await (await client.OpenAsync(RawHttp2Connection.GrpcRequest("/test.Service/Call"), end: true)).Ended();

        Assert.DoesNotContain(client.Frames, f => f.Type == RawHttp2FrameType.GoAway);
    }

    [Fact]
    public void Ages_differ_by_a_tenth_so_that_connections_do_not_end_together()
    {
        var random = new Random(1);
        var ages = Enumerable.Range(0, 1_000).Select(_ => ClientConnection.AgeMs(TimeSpan.FromSeconds(100), random)).ToList();

        Assert.All(ages, age => Assert.InRange(age, 90_000, 110_000));
        Assert.InRange(ages.Min(), 90_000, 91_000);
        Assert.InRange(ages.Max(), 109_000, 110_000);
    }

    private static Func<RawHttp2Frame, bool> IsGoAway(int lastId) => f => f.Type == RawHttp2FrameType.GoAway && LastId(f) == lastId;

    private static int LastId(RawHttp2Frame goAway) => BinaryPrimitives.ReadInt32BigEndian(goAway.Payload);

    private static uint Code(RawHttp2Frame goAway) => BinaryPrimitives.ReadUInt32BigEndian(goAway.Payload.AsSpan(4));

    private static string Debug(RawHttp2Frame goAway) => Encoding.ASCII.GetString(goAway.Payload, 8, goAway.Payload.Length - 8);
}
