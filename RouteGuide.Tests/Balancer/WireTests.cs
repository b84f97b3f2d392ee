using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer;

/// <summary>What passes keeps its shape on the wire, seen frame by frame on both sides.</summary>
public sealed class WireTests
{
    [Fact]
    public async Task Trailers_only_stays_one_HEADERS_frame()
    {
        await using var target = RawTarget.Start((_, stream) => stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5"), ("grpc-message", "no%20such")], end: true));
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await Call(client, balancer);

        Assert.True(call.IsTrailersOnly);
        Assert.Equal("5", call.GrpcStatus);
        Assert.Equal("no%20such", call.GrpcMessage);
    }

    [Fact]
    public async Task Headers_and_trailers_without_a_message_stay_two_blocks()
    {
        await using var target = RawTarget.Start(async (_, stream) =>
        {
            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc"), ("x-first", "1")]);
            await stream.SendHeadersAsync([("grpc-status", "0"), ("x-last", "2")], end: true);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await Call(client, balancer);

        Assert.Equal("1", call.Header("x-first"));
        Assert.Null(call.Header("x-last"));
        Assert.Null(call.Header("content-length"));
        Assert.Equal([("grpc-status", "0"), ("x-last", "2")], call.Trailers.Order());
    }

    [Fact]
    public async Task Request_fields_arrive_as_they_were_sent()
    {
        RawHttp2Stream? seen = null;
        await using var target = RawTarget.Start((_, stream) => RawTarget.Answer(seen = stream));
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        (string Name, string Value)[] metadata =
        [
            ("a-bin", "AAECAw"), ("a-bin", "BAUGBw=="), ("many", "one"), ("many", "two, three"), ("many", ""), ("many", "four"),
            ("latin", "gr\u00fc\u00dfe"), ("expires", "never"), ("long", new string('x', 9_000)), ("grpc-timeout", "30S"), ("user-agent", "grpc-test/1.0 (a; b)"),
            ("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "192.0.2.2"), ("cookie", "a=1; b=2"), (":authority", "service.example:8443"),
        ];

        await Call(client, balancer, metadata);

        foreach (var name in metadata.Select(m => m.Name).Distinct().Where(n => n != "x-forwarded-for"))
        {
            Assert.Equal(metadata.Where(m => m.Name == name).Select(m => m.Value), seen!.Headers.Where(h => h.Name == name).Select(h => h.Value));
        }

        Assert.Equal(["trailers"], seen!.Headers.Where(h => h.Name == "te").Select(h => h.Value));
        Assert.Equal(["192.0.2.1,192.0.2.2, 127.0.0.1"], seen.Headers.Where(h => h.Name == "x-forwarded-for").Select(h => h.Value));
        Assert.Equal("POST", seen.Header(":method"));
        Assert.Equal("/test.Service/Call", seen.Header(":path"));
        Assert.Null(seen.Header("content-length"));
        // Nothing is made up beyond what a proxy adds.
        string[] known = [":method", ":scheme", ":path", "content-type", "te", "x-forwarded-proto", "x-forwarded-port", "traceparent", .. metadata.Select(m => m.Name)];
        Assert.Empty(seen.Headers.Select(h => h.Name).Except(known));
    }

    [Fact]
    public async Task Many_large_repeated_fields_survive_their_way_over_several_frames()
    {
        RawHttp2Stream? seen = null;
        await using var target = RawTarget.Start((_, stream) => RawTarget.Answer(seen = stream));
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        // The block for the target is larger than one frame may be; the client's own fits one (16,384 bytes), as its names are indexed nowhere.
        (string Name, string Value)[] metadata = [.. Enumerable.Range(0, 60).Select(i => ("m", new string((char)('a' + (i % 26)), 200 + i)))];

        await Call(client, balancer, metadata);

        Assert.Equal(metadata.Select(m => m.Value), seen!.Headers.Where(h => h.Name == "m").Select(h => h.Value));
    }

    [Fact]
    public async Task Response_fields_arrive_as_they_were_sent()
    {
        (string Name, string Value)[] headers = [("a-bin", "AAECAw"), ("a-bin", "BAUGBw=="), ("many", "one"), ("many", "two, three"), ("latin", "gr\u00fc\u00dfe"), ("server", "of its own"), ("date", "Thu, 01 Jan 1970 00:00:00 GMT")];
        (string Name, string Value)[] trailers = [("grpc-status", "0"), ("b-bin", "AA"), ("b-bin", "AQ"), ("more", "x"), ("more", "y, z")];
        await using var target = RawTarget.Start(async (_, stream) =>
        {
            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc"), .. headers]);
            await stream.SendMessageAsync([1, 2, 3]);
            await stream.SendHeadersAsync(trailers, end: true);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await Call(client, balancer);

        Assert.Equal([.. headers, (":status", "200"), ("content-type", "application/grpc")], call.Headers.OrderBy(h => headers.Contains(h) ? Array.IndexOf(headers, h) : headers.Length).ThenBy(h => h.Name));
        Assert.Equal(trailers, call.Trailers.OrderBy(h => Array.IndexOf(trailers, h)));
        Assert.Equal([1, 2, 3], Assert.Single(call.Messages).Payload);
    }

    [Fact]
    public async Task A_client_that_half_closes_is_half_closed_towards_the_target()
    {
        RawHttp2Stream? seen = null;
        await using var target = RawTarget.Start((_, stream) =>
        {
            seen = stream;
            return stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var call = await client.OpenAsync(Wire.Request(balancer.Tls));
        await call.HasHeaders();
        await call.SendMessageAsync([1]);
        await seen!.HasMessages(1);
        Assert.False(seen.HasEnded);

        await call.SendDataAsync(default, end: true);

        await seen.Ended();
        Assert.True(seen.HasEnded);
        Assert.False(call.HasEnded);
        await seen.SendHeadersAsync([("grpc-status", "0")], end: true);
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
    }

    [Fact]
    public async Task A_client_that_does_not_read_holds_its_target_up_and_nobody_else()
    {
        const int Sent = 64 * 1024 * 1024;
        var taken = 0;
        await using var target = RawTarget.Start(async (_, stream) =>
        {
            if (stream.Header(":path") != "/test.Service/Flood")
            {
                await RawTarget.Answer(stream);
                return;
            }

            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
            var piece = new byte[16 * 1024];
            for (; taken < Sent && !stream.IsReset; taken += piece.Length) await stream.SendDataAsync(piece);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        client.RefillsWindows = false;
        var flood = await client.OpenAsync(Wire.Request(balancer.Tls, "/test.Service/Flood"), end: true);
        await client.Until(() => flood.Data.Length == 65_535, "the client's window is full");

        await using var other = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        for (var i = 0; i < 50; i++) Assert.Equal("0", (await Call(other, balancer)).GrpcStatus);

        Assert.InRange(taken, 65_535, 4 * 1024 * 1024);
        Assert.Equal(65_535, flood.Data.Length);
    }

    private static async Task<RawHttp2Stream> Call(RawHttp2Connection client, BalancerUnderTest balancer, params (string Name, string Value)[] fields)
    {
        var call = await client.OpenAsync(Wire.Request(balancer.Tls, fields: fields));
        await call.SendMessageAsync([], end: true);
        await call.Ended();
        // A reset without an error may follow: the target has answered before the request's end had arrived.
        Assert.True(call.HasEnded, $"reset with {call.ResetCode}");
        return call;
    }
}
