using Microsoft.AspNetCore.Http;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Http1;

/// <summary>Requests that two servers could read as different ones: refused, or what reaches the target is one clean request.</summary>
public sealed class SmugglingTests
{
    private const string Hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 40\r\n\r\nabc")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nX: 1\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n Content-Length: 3\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n Host: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n")]
    [InlineData("GET /a\u00e4 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /a\u0001 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("G\u0001ET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.9\r\nHost: a\r\n\r\n")]
    [InlineData("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n")]
    public async Task A_request_that_can_be_read_in_two_ways_is_refused_with_what_follows_it(string request)
    {
        await using var target = RawWebTarget.Start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Plaintext);

        await client.Send(request + Hidden);
        var response = await client.Read();

        Assert.InRange(response.Status, 400, 505);
        Assert.True(await client.HasEnded(), "the connection ends");
        Assert.Equal("", target.Received);
    }

    // Kestrel reads it as 3. Nobody behind it gets to see the sign.
    [Fact]
    public async Task A_length_with_a_sign_is_a_length_without_one_to_the_target()
    {
        await using var target = await Web.Target(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            await context.Response.WriteAsync($"{context.Request.Path} {context.Request.Headers.ContentLength} {await reader.ReadToEndAsync()}");
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Plaintext);

        await client.Send("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabcGET /two HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal("/one 3 abc", (await client.Read()).Text);
        Assert.Equal("/two  ", (await client.Read()).Text);
    }

    // RFC 9112 section 6.1: the length is overridden, taken out, and the connection ends, as somebody may have tried something.
    [Fact]
    public async Task Of_a_length_and_chunks_the_target_sees_the_chunks_alone()
    {
        await using var target = RawWebTarget.Start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Plaintext);

        await client.Send($"POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Hidden}");
        var response = await client.Read();

        Assert.Equal((200, "close"), (response.Status, response.Field("Connection")));
        Assert.DoesNotContain("Content-Length", target.Received, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Transfer-Encoding: chunked", target.Received, StringComparison.Ordinal);
        Assert.True(await client.HasEnded(), "the connection ends");
        Assert.DoesNotContain("/hidden", target.Received, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3\r\nabcd\r\n0\r\n\r\n")]
    [InlineData("0x3\r\nabc\r\n0\r\n\r\n")]
    [InlineData("-3\r\nabc\r\n0\r\n\r\n")]
    [InlineData("g\r\n\r\n")]
    [InlineData("3\rabc\r\n0\r\n\r\n")]
    [InlineData("FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n", 0)] // nothing can be said any more
    public async Task Chunks_that_are_none_never_make_a_whole_request(string body, int status = 400)
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            await connection.ReadHead();
            while (await connection.ReadMore())
            {
            }
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Plaintext);

        await client.Send($"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}{Hidden}");
        if (status > 0) Assert.Equal(status, (await client.Read()).Status);
        Assert.True(await client.HasEnded(), "the connection ends");
        await Eventually.Until(() => target.Connections.All(c => c.HasEnded), "the target's request is cut");
        Assert.DoesNotContain("\r\n0\r\n", target.Received, StringComparison.Ordinal);
        Assert.DoesNotContain("/hidden", target.Received, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_with_a_request_in_it_is_a_body()
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            await connection.ReadHead();
            await connection.ReadUntil(Hidden);
            await connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            await connection.ReadMore();
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Plaintext);

        await client.Send($"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}");

        Assert.Equal(200, (await client.Read()).Status);
        Assert.Contains($"\r\nContent-Length: {Hidden.Length}\r\n", target.Received, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("GET", 431, 200, 10)]
    [InlineData("GET", 431, 1, 40_000)]
    public async Task Heads_beyond_the_limits_are_refused(string method, int status, int fields, int size)
    {
        await using var target = RawWebTarget.Start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Plaintext);

        var response = await client.Get("/", method, string.Concat(Enumerable.Range(0, fields).Select(i => $"X-{i}: {new string('x', size)}\r\n")));

        Assert.Equal(status, response.Status);
        Assert.Equal("", target.Received);
    }

    [Fact]
    public async Task A_request_line_beyond_the_limit_is_refused()
    {
        await using var target = RawWebTarget.Start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Plaintext);

        Assert.Equal(414, (await client.Get("/" + new string('a', 17_000))).Status);
        Assert.Equal("", target.Received);
    }
}
