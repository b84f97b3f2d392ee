using System.Net;
using System.Net.Sockets;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer;

/// <summary>A call that a target has certainly not processed goes to another one; any other call is sent once.</summary>
public sealed class RetryTests
{
    [Fact]
    public async Task No_target_is_UNAVAILABLE_as_trailers_only()
    {
        await using var balancer = await BalancerUnderTest.Start();
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await call.Ended();

        Assert.True(call.IsTrailersOnly);
        Assert.Equal(("200", "14", "application/grpc"), (call.HttpStatus, call.GrpcStatus, call.Header("content-type")));
        Assert.Equal("no target is registered", call.GrpcMessage);
        Assert.Equal("routeguide-balancer", call.Header("server"));
    }

    [Fact]
    public async Task No_target_is_503_for_a_request_that_is_not_gRPC()
    {
        await using var balancer = await BalancerUnderTest.Start();
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync(Wire.Request(balancer.Tls, fields: ("content-type", "application/grpc-web")), end: true);
        await call.Ended();

        Assert.Equal("503", call.HttpStatus);
        Assert.Null(call.GrpcStatus);
        Assert.Contains("no target", System.Text.Encoding.UTF8.GetString(call.Data), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_that_cannot_be_reached_costs_no_call_and_is_avoided_from_then_on()
    {
        await using var live = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(new Uri($"http://127.0.0.1:{UnusedPort()}"), live.Url);
        using var client = BalancerUnderTest.Client();

        await Task.WhenAll(Enumerable.Range(0, 50).Select(async i => Assert.Equal("0", await Status(balancer, client, new byte[i * 100]))));

        var dead = balancer.Targets.Current.Entries[0];
        Assert.True(dead.Suspect);
        Assert.Equal(50, live.Calls);
        var before = dead.Target.Total;
        for (var i = 0; i < 10; i++) Assert.Equal("0", await Status(balancer, client));
        Assert.Equal(before, dead.Target.Total);
    }

    [Fact]
    public async Task A_target_that_comes_back_gets_calls_again()
    {
        var port = UnusedPort();
        await using var live = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(new Uri($"http://127.0.0.1:{port}"), live.Url);
        using var client = BalancerUnderTest.Client();
        Assert.Equal("0", await Status(balancer, client));
        Assert.Equal("0", await Status(balancer, client));
        Assert.True(balancer.Targets.Current.Entries[0].Suspect);

        await using var back = await KestrelTarget.Start(KestrelTarget.Answer, port);

        await Eventually.Until(() => !balancer.Targets.Current.Entries[0].Suspect, "it is found to be back");
        for (var i = 0; i < 4; i++) Assert.Equal("0", await Status(balancer, client));
        Assert.Equal(2, back.Calls);
    }

    [Fact]
    public async Task When_no_target_can_be_reached_the_caller_hears_which_and_why()
    {
        var port = UnusedPort();
        await using var balancer = await BalancerUnderTest.Start(new Uri($"http://127.0.0.1:{port}"));
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        for (var i = 0; i < 2; i++)
        {
            var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
            await call.Ended();

            Assert.Equal("14", call.GrpcStatus);
            Assert.Contains($"127.0.0.1:{port}", call.GrpcMessage, StringComparison.Ordinal);
            Assert.Contains("refused", call.GrpcMessage, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_refused_call_goes_to_another_target_with_all_that_was_sent()
    {
        var refusals = 0;
        RawHttp2Stream? seen = null;
        // It takes the body before it refuses, so that the body has to be sent again.
        await using var refusing = RawTarget.Start(async (_, stream) =>
        {
            await stream.HasMessages(1);
            Interlocked.Increment(ref refusals);
            await stream.ResetAsync(Wire.RefusedStream);
        });
        await using var other = RawTarget.Start(async (_, stream) =>
        {
            seen = stream;
            await stream.Ended();
            await RawTarget.Answer(stream);
        });
        await using var balancer = await BalancerUnderTest.Start(refusing.Url, other.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var call = await client.OpenAsync(Wire.Request(balancer.Tls, fields: ("grpc-timeout", "1M")));
        await call.SendMessageAsync([1, 2, 3]);
        await Eventually.Until(() => seen is not null, "the call has come to the other target");
        await seen!.HasMessages(1);

        await call.SendMessageAsync([4, 5], end: true);
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal([[1, 2, 3], [4, 5]], seen.Messages.Select(m => m.Payload));
        Assert.Equal(1, refusals);
        // What is left of the minute.
        Assert.Matches("^[0-9]{8}u$", seen.Header("grpc-timeout"));
        Assert.InRange(int.Parse(seen.Header("grpc-timeout")![..^1]), 1, 59_999_999);
    }

    [Fact]
    public async Task A_call_that_all_refuse_is_UNAVAILABLE_after_three_attempts()
    {
        var refusals = 0;
        await using var target = RawTarget.Start((_, stream) =>
        {
            Interlocked.Increment(ref refusals);
            return stream.ResetAsync(Wire.RefusedStream);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await call.Ended();

        Assert.True(call.IsTrailersOnly);
        Assert.Equal("14", call.GrpcStatus);
        Assert.Equal(3, refusals);
        Assert.Equal(3, balancer.Targets.Current.Entries[0].Target.Total);
        Assert.False(balancer.Targets.Current.Entries[0].Suspect);
    }

    [Fact]
    public async Task A_call_above_the_last_id_of_GOAWAY_goes_elsewhere_and_those_below_finish()
    {
        RawHttp2Stream? first = null;
        await using var leaving = RawTarget.Start(async (connection, stream) =>
        {
            if (first is null)
            {
                first = stream;
                return;
            }

            // Last id 1: the first stream is still served, this one was not processed.
            await connection.SendAsync(RawHttp2FrameType.GoAway, 0, 0, new byte[] { 0, 0, 0, 1, 0, 0, 0, 0 });
        });
        await using var other = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(leaving.Url, other.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var a = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await Eventually.Until(() => first is not null, "the first call has arrived");
        var b = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await b.Ended();

        var c = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await c.Ended();

        Assert.Equal(("0", "0"), (b.GrpcStatus, c.GrpcStatus));
        Assert.Equal(2, other.Calls);
        Assert.False(a.HasEnded);
        await RawTarget.Answer(first!);
        await a.Ended();
        Assert.Equal("0", a.GrpcStatus);
    }

    [Fact]
    public async Task Calls_whose_bodies_are_under_way_when_GOAWAY_disowns_them_go_elsewhere()
    {
        await using var leaving = RawTarget.Start(async (connection, stream) =>
        {
            await stream.HasMessages(1);
            await connection.SendAsync(RawHttp2FrameType.GoAway, 0, 0, new byte[8]);
        });
        await using var other = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(leaving.Url, other.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var calls = await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ =>
        {
            var call = await client.OpenAsync(Wire.Request(balancer.Tls));
            for (var i = 0; i < 10; i++) await call.SendMessageAsync(new byte[100]);
            await call.SendDataAsync(default, end: true);
            await call.Ended();
            return call;
        }));

        Assert.All(calls, call => Assert.Equal("0", call.GrpcStatus));
        Assert.Equal(100, other.Calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_call_that_GOAWAY_owns_is_not_sent_again_when_the_connection_ends_after_all(bool endsRequest)
    {
        await using var leaving = RawTarget.Start(async (connection, stream) =>
        {
            await connection.SendAsync(RawHttp2FrameType.GoAway, 0, 0, new byte[] { 0, 0, 0, (byte)stream.Id, 0, 0, 0, 0 });
            await connection.DisposeAsync();
        });
        await using var other = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(leaving.Url, other.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync(Wire.Request(balancer.Tls), endsRequest);
        if (!endsRequest) await call.SendMessageAsync([1, 2, 3]);
        await call.Ended();

        Assert.Equal("14", call.GrpcStatus);
        Assert.Equal(0, other.Calls);
    }

    [Fact]
    public async Task A_call_that_has_reached_a_target_is_not_sent_again()
    {
        await using var breaking = RawTarget.Start((connection, _) => connection.DisposeAsync().AsTask());
        await using var other = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(breaking.Url, other.Url);
        using var client = BalancerUnderTest.Client();

        Assert.Equal("14", await Status(balancer, client));

        Assert.Equal(0, other.Calls);
    }

    [Fact]
    public async Task A_call_that_outgrew_what_is_kept_of_it_is_not_sent_again()
    {
        await using var refusing = RawTarget.Start(async (connection, stream) =>
        {
            await connection.Until(() => stream.Data.Length > 100_000, "much of the body");
            await stream.ResetAsync(Wire.RefusedStream);
        });
        await using var other = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(refusing.Url, other.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync(Wire.Request(balancer.Tls));
        await call.SendMessageAsync(new byte[120_000]);
        await call.Ended();

        Assert.Equal("14", call.GrpcStatus);
        Assert.Equal(0, other.Calls);
    }

    [Fact]
    public async Task A_killed_target_costs_no_call_that_had_not_reached_it()
    {
        var live = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => KestrelTarget.Start(KestrelTarget.Answer)));
        var killed = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(live[0].Url, killed.Url, live[1].Url);
        using var client = BalancerUnderTest.Client();
        for (var i = 0; i < 6; i++) Assert.Equal("0", await Status(balancer, client));

        await killed.DisposeAsync();

        // Its connections are known to be closed, or a new one is refused: either way nothing is sent there.
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ => Assert.Equal("0", await Status(balancer, client))));
        foreach (var target in live) await target.DisposeAsync();
    }

    private static int UnusedPort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static async Task<string> Status(BalancerUnderTest balancer, HttpMessageInvoker client, byte[]? body = null)
    {
        using var response = await client.SendAsync(balancer.Request(new ByteArrayContent(body ?? new byte[5])), CancellationToken.None).WaitAsync(Eventually.Patience);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await response.Content.ReadAsByteArrayAsync();
        return (response.TrailingHeaders.TryGetValues("grpc-status", out var status) ? status : response.Headers.GetValues("grpc-status")).Single();
    }
}
