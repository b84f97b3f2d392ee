using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Http1;

/// <summary>Requests of HTTP/1.1 to targets of HTTP/1.1.</summary>
public sealed class RelayTests
{
    [Theory]
    [InlineData(true, "https")]
    [InlineData(false, "http")]
    public async Task A_target_sees_the_request_and_where_it_came_from(bool tls, string scheme)
    {
        await using var target = RawWebTarget.Start("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Odd: \u00e4\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\r\nok");
        await using var balancer = await Web.Balancer([target.Url]);
        var front = tls ? balancer.Tls : balancer.Plaintext;
        await using var client = await Http1Client.Connect(front);

        var response = await client.Get(
            "/a/%2e%2E/b%2fc/./d?x=%20y&z=%7e",
            fields: "User-Agent: me\r\nX-Odd: \u00e4\r\nCookie: a=1\r\nCookie: b=2\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: spoofed\r\nConnection: X-Private , Cookie2\r\nX-Private: 1\r\nKeep-Alive: 5\r\nTE: gzip\r\n");

        Assert.Equal((200, "ok", "\u00e4"), (response.Status, response.Text, response.Field("X-Odd")));
        Assert.Null(response.Field("X-Hop"));
        Assert.Null(response.Field("Keep-Alive"));
        var seen = target.Received.Split("\r\n");
        Assert.Equal("GET /a/%2e%2E/b%2fc/./d?x=%20y&z=%7e HTTP/1.1", seen[0]);
        Assert.Equal(
            ["Cookie: a=1; b=2", "Host: localhost", "User-Agent: me", "X-Odd: \u00e4", "x-forwarded-for: 192.0.2.7, 127.0.0.1", $"x-forwarded-port: {front.Port}", $"x-forwarded-proto: {scheme}"],
            seen[1..^2].Where(f => !f.StartsWith("traceparent", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray());
        Assert.Matches("\r\ntraceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-00\r\n", target.Received);
    }

    [Fact]
    public async Task Bodies_pass_in_both_directions_with_a_length_and_in_chunks()
    {
        var framing = new List<string>();
        await using var target = await Web.Target(async context =>
        {
            framing.Add($"{context.Request.ContentLength}|{context.Request.Headers.TransferEncoding}");
            context.Response.ContentLength = context.Request.ContentLength;
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);
        var body = new string('x', 300_000);

        await client.Send($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        var withLength = await client.Read();
        await client.Send($"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n{body.Length:x}\r\n{body}\r\n0\r\n\r\n");
        var chunked = await client.Read();
        await client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        var empty = await client.Read();

        Assert.Equal((body, $"{body.Length}"), (withLength.Text, withLength.Field("Content-Length")));
        Assert.Equal(("abc" + body, "chunked"), (chunked.Text, chunked.Field("Transfer-Encoding")));
        Assert.Equal("", empty.Text);
        Assert.Equal([$"{body.Length}|", "|chunked", "0|"], framing);
    }

    [Fact]
    public async Task The_head_and_each_piece_pass_before_the_next_is_there()
    {
        var next = new SemaphoreSlim(0);
        await using var target = await Web.Target(async context =>
        {
            await context.Response.Body.FlushAsync();
            for (var i = 0; i < 3; i++)
            {
                await next.WaitAsync();
                await context.Response.WriteAsync($"data: {i}\n\n");
                await context.Response.Body.FlushAsync();
            }
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        await client.Send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(200, (await client.ReadHead()).Status);
        for (var i = 0; i < 3; i++)
        {
            next.Release();
            Assert.Equal($"data: {i}\n\n", System.Text.Encoding.ASCII.GetString(await client.ReadChunk()));
        }

        Assert.Empty(await client.ReadChunk());
    }

    [Fact]
    public async Task Each_piece_of_a_request_passes_before_the_next_is_there()
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            await connection.ReadHead();
            await connection.ReadUntil("0\r\n\r\n");
            await connection.Send("HTTP/1.1 204 No Content\r\n\r\n");
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        await client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        foreach (var piece in (string[])["one", "two", "three"])
        {
            await client.Send($"{piece.Length:x}\r\n{piece}\r\n");
            await Eventually.Until(() => target.Received.Contains(piece, StringComparison.Ordinal), piece);
        }

        await client.Send("0\r\n\r\n");
        Assert.Equal(204, (await client.Read()).Status);
    }

    [Theory]
    [InlineData("HEAD", 200, "12")]
    [InlineData("GET", 204, null)]
    [InlineData("GET", 304, null)]
    [InlineData("DELETE", 200, "0")]
    [InlineData("get", 200, "0")]
    public async Task Responses_without_a_body_pass_and_the_connection_goes_on(string method, int status, string? length)
    {
        await using var target = RawWebTarget.Start($"HTTP/1.1 {status} Whatever\r\n{(length is null ? "" : $"Content-Length: {length}\r\n")}X-Kept: yes\r\n\r\n");
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        for (var i = 0; i < 2; i++)
        {
            var response = await client.Get("/page", method);

            Assert.Equal((status, length, "yes"), (response.Status, response.Field("Content-Length"), response.Field("X-Kept")));
            Assert.Empty(response.Body);
        }
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_their_order()
    {
        await using var target = await Web.Target(context => context.Response.WriteAsync(context.Request.Path));
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Plaintext);

        await client.Send(string.Concat(Enumerable.Range(0, 50).Select(i => $"GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n")));

        for (var i = 0; i < 50; i++) Assert.Equal($"/{i}", (await client.Read()).Text);
    }

    [Fact]
    public async Task A_request_may_come_octet_by_octet()
    {
        await using var target = await Web.Target(context => context.Response.WriteAsync(context.Request.Path));
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Plaintext);

        // PRI is what HTTP/2 begins with, PROPFIND what WebDAV does.
        foreach (var octet in "PROPFIND /slow HTTP/1.1\r\nHost: a\r\n\r\n") await client.Send($"{octet}");

        Assert.Equal("/slow", (await client.Read()).Text);
    }

    [Fact]
    public async Task Set_cookie_fields_stay_apart_and_the_server_is_the_targets()
    {
        await using var target = RawWebTarget.Start("HTTP/1.1 418 Teapot\r\nSet-Cookie: a=1, x\r\nSet-Cookie: b=2\r\nServer: teapot\r\nDate: Mon, 01 Jan 2001 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n");
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        var response = await client.Get("/");

        Assert.Equal(418, response.Status);
        Assert.Equal(["a=1, x", "b=2"], response.All("Set-Cookie"));
        Assert.Equal(("teapot", "Mon, 01 Jan 2001 00:00:00 GMT"), (response.Field("Server"), response.Field("Date")));
    }

    [Fact]
    public async Task A_body_that_waits_to_be_asked_for_is_sent_when_the_target_asks()
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            var head = await connection.ReadHead();
            Assert.Contains("\r\nExpect: 100-continue\r\n", head, StringComparison.OrdinalIgnoreCase);
            await connection.Send("HTTP/1.1 100 Continue\r\n\r\n");
            var body = await connection.ReadUntil("end");
            await connection.Send($"HTTP/1.1 200 OK\r\nContent-Length: {body!.Length}\r\n\r\n{body}");
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        await client.Send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n");
        Assert.Equal(100, (await client.Read()).Status);
        await client.Send("the end");

        Assert.Equal((200, "the end"), (await client.Read()) is var r ? (r.Status, r.Text) : default);
    }

    [Fact]
    public async Task A_body_that_waits_to_be_asked_for_stays_where_it_is_when_the_target_refuses()
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            await connection.ReadHead();
            await connection.Send("HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        await client.Send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 7000\r\n\r\n");

        Assert.Equal(417, (await client.Read()).Status);
    }

    [Fact]
    public async Task A_WebSocket_passes_both_ways_until_either_side_ends_it()
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            var head = await connection.ReadHead();
            Assert.Contains("\r\nUpgrade: websocket\r\n", head, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("\r\nConnection: Upgrade\r\n", head, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("\r\nSec-WebSocket-Key: abc\r\n", head, StringComparison.OrdinalIgnoreCase);
            await connection.Send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: def\r\n\r\nhello");
            await connection.ReadUntil("ping");
            await connection.Send("pong");
            await connection.ReadMore();
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        await client.Send("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: abc\r\n\r\n");
        var (status, fields) = await client.ReadHead();
        Assert.Equal(101, status);
        Assert.Contains(("Sec-WebSocket-Accept", "def"), fields);
        Assert.Equal("hello"u8.ToArray(), await client.ReadExactly(5));
        await client.Send("ping");
        Assert.Equal("pong"u8.ToArray(), await client.ReadExactly(4));
        client.Vanish();

        await Eventually.Until(() => target.Connections.All(c => c.HasEnded), "the target is told");
    }

    [Fact]
    public async Task A_WebSocket_that_the_target_refuses_is_an_ordinary_response()
    {
        await using var target = RawWebTarget.Start("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        var response = await client.Get("/chat", fields: "Upgrade: websocket\r\nConnection: Upgrade\r\n");

        Assert.Equal((403, "no"), (response.Status, response.Text));
    }

    [Fact]
    public async Task No_other_upgrade_is_passed_on_nor_one_that_nobody_asked_for()
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            var head = await connection.ReadHead();
            await connection.Send(head!.Contains("/plain", StringComparison.Ordinal) ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" : "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n");
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        var plain = await client.Get("/plain", fields: "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n");
        var odd = await client.Get("/odd");

        Assert.Equal(200, plain.Status);
        Assert.DoesNotContain("h2c", target.Received, StringComparison.Ordinal);
        Assert.DoesNotContain("HTTP2-Settings", target.Received, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(502, odd.Status);
        Assert.Contains("101", odd.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_in_HTTP_1_0_is_read_to_the_end_of_its_connection()
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            await connection.ReadHead();
            await connection.Send("HTTP/1.0 200 OK\r\n\r\nall of it");
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        Assert.Equal("all of it", (await client.Get("/")).Text);
    }

    [Theory]
    [InlineData("x-amzn-mtls-clientcert-subject")]
    [InlineData("X-Amzn-Mtls-Clientcert")]
    [InlineData("x_amzn_mtls_clientcert_leaf")]
    public async Task What_a_client_says_of_its_own_certificate_never_reaches_a_target(string field)
    {
        await using var target = RawWebTarget.Start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        Assert.Equal(200, (await client.Get("/", fields: $"{field}: forged\r\nx-amzn-trace-id: kept\r\n")).Status);

        Assert.DoesNotContain("forged", target.Received, StringComparison.Ordinal);
        Assert.Contains("x-amzn-trace-id: kept", target.Received, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_absolute_form_is_the_same_request()
    {
        string? seen = null;
        await using var target = await Web.Target(context =>
        {
            seen = $"{context.Request.Host} {context.Features.Get<IHttpRequestFeature>()!.RawTarget}";
            return Task.CompletedTask;
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        await client.Send("GET https://example.com?q=http://x/y HTTP/1.1\r\nHost: example.com\r\n\r\n");
        Assert.Equal(200, (await client.Read()).Status);

        Assert.Equal("example.com /?q=http://x/y", seen);
    }
}
