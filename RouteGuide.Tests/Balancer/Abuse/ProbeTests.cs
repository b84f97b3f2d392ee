using System.Net;
using System.Net.Sockets;
using RouteGuide.Http2;
using RouteGuide.Tests.Support;
using Frames = RouteGuide.Tests.Balancer.Http2.Wire;

namespace RouteGuide.Tests.Balancer.Abuse;

/// <summary>Odd but possible behaviour at the edges of the protocol, seen from both ends of the whole balancer.</summary>
public sealed class ProbeTests
{
    [Fact]
    public async Task A_targets_reset_in_the_same_write_as_its_last_DATA_does_not_overtake_it()
    {
        byte[] all =
        [
            .. Frames.Headers(1, false, (":status", "200"), ("content-type", "application/grpc")),
            .. Frames.Data(1, [0, 0, 0, 0, 1, 7]),
            .. Frames.Reset(1, Http2ErrorCode.InternalError),
        ];
        await using var target = HostileTarget.Start(all);
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync(Wire.Request(balancer.Tls));
        await call.Ended();

        Assert.Equal(Wire.InternalError, call.ResetCode);
        Assert.Equal([7], Assert.Single(call.Messages).Payload);
    }

    [Fact]
    public async Task A_whole_answer_with_NO_ERROR_behind_it_in_one_write_is_a_whole_answer()
    {
        byte[] all =
        [
            .. Frames.Headers(1, false, (":status", "200"), ("content-type", "application/grpc")),
            .. Frames.Data(1, [0, 0, 0, 0, 1, 7]),
            .. Frames.Headers(1, true, ("grpc-status", "0")),
            .. Frames.Reset(1, Http2ErrorCode.NoError),
        ];
        await using var target = HostileTarget.Start(all);
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync(Wire.Request(balancer.Tls));
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
        Assert.Single(call.Messages);
    }

    [Fact]
    public async Task A_target_that_goes_away_in_two_steps_keeps_what_it_has_and_gets_nothing_new()
    {
        RawHttp2Stream? held = null;
        RawHttp2Connection? leaving = null;
        await using var target = RawTarget.Start(async (connection, stream) =>
        {
            if (held is not null)
            {
                await RawTarget.Answer(stream);
                return;
            }

            (held, leaving) = (stream, connection);
            await connection.SendBytesAsync(Frames.GoAway(int.MaxValue));
            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
        });
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "Balancer:Loops=1");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var first = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await first.HasHeaders();

        await leaving!.SendBytesAsync(Frames.GoAway(1));
        var second = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await second.Ended();
        await held!.SendHeadersAsync([("grpc-status", "0")], end: true);
        await first.Ended();

        Assert.Equal(("0", "0"), (first.GrpcStatus, second.GrpcStatus));
        Assert.Single(leaving.Streams, s => s.Headers.Count > 0);
        Assert.True(target.Connections.Count >= 2, "the second call has a connection of its own");
    }

    [Fact]
    public async Task Extended_CONNECT_is_refused_as_malformed_and_harms_nobody()
    {
        await using var target = RawTarget.Start((_, stream) => RawTarget.Answer(stream));
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        // RFC 8441 section 3: it may be used only where the server has announced it.
        var websocket = await client.OpenAsync([(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/chat"), (":authority", "localhost")]);
        await websocket.Ended();
        var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await call.Ended();

        Assert.Equal(Wire.ProtocolError, websocket.ResetCode);
        Assert.Equal("0", call.GrpcStatus);
    }

    public static TheoryData<string, (string Name, string Value)[]> Malformed { get; } = new()
    {
        { "connection", [("connection", "foo"), ("foo", "1")] },
        { "keep-alive", [("keep-alive", "timeout=5")] },
        { "transfer-encoding", [("transfer-encoding", "chunked")] },
        { "upgrade", [("upgrade", "h2c")] },
        { "te with more than trailers", [("te", "trailers, deflate")] },
        { "two lengths", [("content-length", "0"), ("content-length", "1")] },
        { "a length that is none", [("content-length", "+1")] },
        { "a length where nothing follows", [("content-length", "7")] },
        { "an upper-case name", [("X-Upper", "1")] },
        { "an empty path", [(":path", "")] },
        { "a path without its slash", [(":path", "test.Service/Call")] },
        { "a host that is not the authority", [("host", "elsewhere.example")] },
        { "a second path", [("x", "1"), (":path", "/other")] },
        { "a line break in a value", [("x", "a\r\nb: c")] },
        { "a name with a space", [("x y", "1")] },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task A_malformed_request_is_reset_reaches_no_target_and_harms_nobody(string what, (string Name, string Value)[] fields)
    {
        var seen = 0;
        await using var target = RawTarget.Start((_, stream) =>
        {
            Interlocked.Increment(ref seen);
            return RawTarget.Answer(stream);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        // Fields behind the usual ones, but for those that stand among them.
        var usual = Wire.Request(balancer.Tls, fields: [.. fields.Where(f => fields.Length == 1 && f.Name is ":path" or "te")]);
        var odd = await client.OpenAsync([.. usual, .. fields.Where(f => !usual.Contains(f))], end: true);
        await odd.Ended();
        var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await call.Ended();

        Assert.True(odd.ResetCode == Wire.ProtocolError, $"{what}: reset {odd.ResetCode}, status {odd.HttpStatus}, gRPC {odd.GrpcStatus}");
        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal(1, seen);
    }

    [Fact]
    public async Task A_body_that_is_shorter_or_longer_than_its_length_is_reset_on_both_sides()
    {
        var streams = new System.Collections.Concurrent.ConcurrentBag<RawHttp2Stream>();
        await using var target = RawTarget.Start((_, stream) =>
        {
            streams.Add(stream);
            return Task.CompletedTask;
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        foreach (var length in (int[])[3, 7])
        {
            var call = await client.OpenAsync(Wire.Request(balancer.Tls, fields: ("content-length", "5")));
            await call.SendDataAsync(new byte[length], end: true);
            await call.Ended();
            Assert.Equal(Wire.ProtocolError, call.ResetCode);
        }

        await Eventually.Until(() => streams.All(s => s.IsReset), "the target is told, as far as it was asked");
    }

    [Fact]
    public async Task A_frozen_target_costs_its_calls_their_deadline_and_is_no_answer_after_the_headers()
    {
        await using var target = RawTarget.Start((_, stream) => stream.Header(":path") == "/test.Service/Begun" ? stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]) : Task.CompletedTask);
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var begun = await client.OpenAsync(Wire.Request(balancer.Tls, "/test.Service/Begun", ("grpc-timeout", "200m")), end: true);
        await begun.HasHeaders();
        var silent = await client.OpenAsync(Wire.Request(balancer.Tls, fields: ("grpc-timeout", "300m")), end: true);
        await silent.Ended();

        // Once a response has begun both ends know the deadline, and the client's RST_STREAM comes when it is over for it.
        Assert.Equal("4", silent.GrpcStatus);
        Assert.False(begun.HasEnded || begun.IsReset);
    }

    [Fact]
    public async Task Connections_from_one_address_are_limited_where_that_is_set()
    {
        await using var balancer = await BalancerUnderTest.StartWith([], "Balancer:Limits:MaxConnectionsPerAddress=3");
        var clients = new List<RawHttp2Connection>();
        for (var i = 0; i < 3; i++) clients.Add(await RawHttp2Connection.ConnectAsync(balancer.Plaintext));
        foreach (var client in clients) await client.WaitForAsync(f => f.Type == RawHttp2FrameType.Settings, "SETTINGS");

        using var fourth = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await fourth.ConnectAsync(IPAddress.Loopback, balancer.Plaintext.Port);
        using var patience = new CancellationTokenSource(Eventually.Patience);
        Assert.Equal(0, await fourth.ReceiveAsync(new byte[1], patience.Token));

        await clients[0].DisposeAsync();
        await Eventually.Until(
            async () =>
            {
                using var later = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await later.ConnectAsync(IPAddress.Loopback, balancer.Plaintext.Port);
                try
                {
                    await later.SendAsync((byte[])[.. Frames.Preface, .. Frames.Settings()]);
                    return await later.ReceiveAsync(new byte[9]) > 0;
                }
                catch (SocketException)
                {
                    return false;
                }
            },
            "there is room for one more");
        foreach (var client in clients[1..]) await client.DisposeAsync();
    }
}
