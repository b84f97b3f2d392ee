using RouteGuide.Http2.Frames;
using RouteGuide.Tests.Support;
using Frames = RouteGuide.Tests.Balancer.Http2.Wire;

namespace RouteGuide.Tests.Balancer.Abuse;

/// <summary>
/// A target that misbehaves harms the calls that were given to it and no others: each of those gets an answer, the calls that went to the
/// target beside it succeed, and the balancer stops listening to it.
/// </summary>
public sealed class HostileTargetTests
{
    private const int MiB = 1024 * 1024;

    private static readonly byte[] Ok = Frames.Headers(1, false, (":status", "200"), ("content-type", "application/grpc"));

    /// <summary>What it says at once, then without end; the status that its first call ends with ("" where interim responses hide it).</summary>
    public static TheoryData<string, byte[], byte[], string> Attacks { get; } = new()
    {
        { "a header block that never ends", Frames.Frame(1, 0, 1, 0x88), Frames.Continuation(1, false, new byte[100]), "14" },
        { "interim responses without end", [], Frames.Headers(1, false, (":status", "103")), "" },
        { "an HPACK bomb", Frames.Frame(1, 4, 1, [0x88, 0x40, .. Frames.Literal("x"), .. Frames.Literal(new string('x', 4_000)), .. Enumerable.Repeat((byte)(0x80 | 62), 5_000)]), [], "13" },
        { "thousands of fields", Frames.Frame(1, 4, 1, [0x88, .. Enumerable.Repeat((byte)(0x80 | 16), 5_000)]), [], "13" },
        { "DATA beyond all windows", Ok, Frames.Data(1, new byte[16_000]), "reset" },
        { "PUSH_PROMISE", Frames.Frame(5, 4, 1, [0, 0, 0, 2, 0x82]), [], "14" },
        { "GOAWAY without end", [], Frames.GoAway(1), "14" },
        { "SETTINGS without end", [], Frames.Settings((SettingId.InitialWindowSize, 0)), "14" },
        { "PING without end", [], Frames.Ping(7), "14" },
        { "WINDOW_UPDATE that overflows", Frames.WindowUpdate(0, int.MaxValue), [], "14" },
        { "HEADERS on a stream of its own", Frames.Headers(2, true, (":status", "200")), [], "14" },
        { "DATA before HEADERS", Frames.Data(1, [1]), [], "13" },
        { "an answer without a status", Frames.Headers(1, true, ("grpc-status", "0")), [], "13" },
        { "a status that is none", Frames.Headers(1, true, (":status", "2xx")), [], "13" },
        { "upper-case names", Frames.Headers(1, true, (":status", "200"), ("Grpc-Status", "0")), [], "13" },
        { "a connection field", Frames.Headers(1, true, (":status", "200"), ("connection", "close")), [], "13" },
        { "a broken header block", Frames.Frame(1, 5, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), [], "14" },
        { "an unknown frame without end", [], Frames.Frame(0xbb, 0, 0, new byte[10]), "14" },
        { "empty DATA without end", Ok, Frames.Data(1, []), "14" },
        { "a frame that is too large", [0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1], [], "14" },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task It_harms_the_calls_that_it_was_given_and_no_others(string what, byte[] once, byte[] then, string status)
    {
        await using var hostile = HostileTarget.Start(once, then);
        await using var good = RawTarget.Start((_, stream) => RawTarget.Answer(stream));
        await using var balancer = await BalancerUnderTest.StartWith([hostile.Url, good.Url], "Balancer:Loops=1");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        // In turn: until the hostile one is found out, every other call is its.
        var answered = 0;
        var harmed = new List<RawHttp2Stream>();
        for (var i = 0; i < 4; i++)
        {
            var call = await client.OpenAsync(Wire.Request(balancer.Tls, fields: ("grpc-timeout", "2S")), end: true);
            await call.Ended();
            if (call.GrpcStatus == "0" && call.Messages.Count == 1) answered++;
            else harmed.Add(call);
        }

        Assert.InRange(answered, 1, 3);
        Assert.NotEmpty(harmed);
        var first = harmed[0];
        Assert.True(first.GrpcStatus == status || status == "" || (status == "reset" && first.IsReset), $"{what}: status {first.GrpcStatus} ({first.GrpcMessage}), reset {first.ResetCode}");
        // It says nothing to those that come later over the same connection, or has lost it.
        Assert.All(harmed[1..], c => Assert.True(c.GrpcStatus == first.GrpcStatus || c.IsReset || c.GrpcStatus is "4" or "14", $"{what}: status {c.GrpcStatus} ({c.GrpcMessage})"));
        // What is sent for a stream that was reset is dropped until there is too much of it, which takes more frames than this.
        if (status != "reset") Assert.InRange(hostile.Said, 0, (hostile.Connections + 1) * 32L * MiB);
        Assert.False(client.IsClosed);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")]
    public async Task Who_does_not_speak_HTTP2_gets_no_call(string greeting)
    {
        await using var hostile = HostileTarget.Start([], greeting: System.Text.Encoding.ASCII.GetBytes(greeting));
        await using var good = RawTarget.Start((_, stream) => RawTarget.Answer(stream));
        await using var balancer = await BalancerUnderTest.Start(hostile.Url, good.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        for (var i = 0; i < 10; i++)
        {
            var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
            await call.Ended();
            Assert.Equal("0", call.GrpcStatus);
        }
    }

    [Theory]
    [InlineData("a window of nothing")]
    [InlineData("no streams at all")]
    [InlineData("never reads")]
    public async Task A_target_that_takes_nothing_costs_its_callers_their_deadline_and_nobody_else_anything(string what)
    {
        byte[] once = what switch
        {
            "a window of nothing" => Frames.Settings((SettingId.InitialWindowSize, 0)),
            "no streams at all" => Frames.Settings((SettingId.MaxConcurrentStreams, 0)),
            _ => [],
        };
        await using var hostile = HostileTarget.Start(once, reads: what != "never reads");
        await using var good = RawTarget.Start(async (_, stream) =>
        {
            await stream.Ended();
            await RawTarget.Answer(stream);
        });
        await using var balancer = await BalancerUnderTest.StartWith([hostile.Url, good.Url], "Balancer:Loops=1");

        // Each caller has a connection of its own, and more to say than the hostile one's window.
        var statuses = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
            var call = await client.OpenAsync(Wire.Request(balancer.Tls, fields: ("grpc-timeout", "8S")));
            var body = call.SendDataAsync(new byte[200_000], end: true);
            await call.Ended();
            await body;
            return call.GrpcStatus;
        }));

        Assert.All(statuses, s => Assert.Contains(s, (string[])["0", "4"]));
        Assert.InRange(statuses.Count(s => s == "0"), 4, 8);
    }
}
