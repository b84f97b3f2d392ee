using System.Text;
using Microsoft.AspNetCore.Http;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Http1;

/// <summary>Requests of HTTP/2 to targets of HTTP/1.1.</summary>
public sealed class Http2ClientTests
{
    [Fact]
    public async Task A_request_is_the_same_in_the_other_protocol()
    {
        await using var target = RawWebTarget.Start("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Odd: \u00e4\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n");
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var stream = await client.OpenAsync(
            [.. Get("/a/%2e%2E/b?c=%20", "GET"), ("cookie", "a=1"), ("x-odd", "\u00e4"), ("cookie", "b=2"), ("te", "trailers"), ("x-forwarded-for", "192.0.2.7"), ("accept", "a"), ("accept", "b")],
            end: true);
        await stream.Ended();

        Assert.Equal(("200", "hello"), (stream.HttpStatus, Encoding.ASCII.GetString(stream.Data)));
        Assert.Equal(["a=1", "b=2"], stream.Headers.Where(h => h.Name == "set-cookie").Select(h => h.Value));
        Assert.Equal("\u00e4", stream.Header("x-odd"));
        Assert.DoesNotContain(stream.Headers, h => h.Name is "transfer-encoding" or "trailer" or "connection");
        Assert.Equal(("x-sum", "7"), Assert.Single(stream.Trailers));
        var seen = target.Received.Split("\r\n");
        Assert.Equal("GET /a/%2e%2E/b?c=%20 HTTP/1.1", seen[0]);
        Assert.Equal(
            ["Connection: TE", "Cookie: a=1; b=2", "Host: example.com", "TE: trailers", "accept: a, b", "x-forwarded-for: 192.0.2.7, 127.0.0.1", $"x-forwarded-port: {balancer.Tls.Port}", "x-forwarded-proto: https", "x-odd: \u00e4"],
            seen[1..^2].Where(f => !f.StartsWith("traceparent", StringComparison.Ordinal)).Select(Usual).Order(StringComparer.Ordinal).ToArray());
    }

    [Fact]
    public async Task Bodies_pass_in_both_directions()
    {
        await using var target = await Web.Target(async context =>
        {
            context.Response.Headers["x-length"] = $"{context.Request.ContentLength}";
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        await using var balancer = await Web.Balancer([target.Url]);
        using var client = BalancerUnderTest.Client();
        var bytes = new byte[5_000_000];
        new Random(1).NextBytes(bytes);
        var chunked = new DuplexContent();
        chunked.Send(bytes);
        chunked.End();

        foreach (var content in (HttpContent[])[new ByteArrayContent(bytes), chunked])
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(balancer.Tls, "/file")) { Version = new Version(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
            using var response = await client.SendAsync(request, CancellationToken.None).WaitAsync(Eventually.Patience);

            Assert.Equal(bytes, await response.Content.ReadAsByteArrayAsync().WaitAsync(Eventually.Patience));
            Assert.Equal(content == chunked ? "" : $"{bytes.Length}", response.Headers.NonValidated["x-length"].ToString());
        }
    }

    [Theory]
    [InlineData("HEAD", 200, "12")]
    [InlineData("GET", 204, null)]
    [InlineData("GET", 304, null)]
    [InlineData("DELETE", 200, "0")]
    public async Task Responses_without_a_body_end_with_their_headers(string method, int status, string? length)
    {
        await using var target = RawWebTarget.Start($"HTTP/1.1 {status} Whatever\r\n{(length is null ? "" : $"Content-Length: {length}\r\n")}\r\n");
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var stream = await client.OpenAsync(Get("/", method), end: true);
        await stream.Ended();

        Assert.Equal(($"{status}", length), (stream.HttpStatus, stream.Header("content-length")));
        Assert.True(stream.IsTrailersOnly, "one header block, which ended the stream");
    }

    [Fact]
    public async Task Headers_and_pieces_pass_as_they_come()
    {
        var next = new SemaphoreSlim(0);
        await using var target = await Web.Target(async context =>
        {
            await context.Response.Body.FlushAsync();
            for (var i = 0; i < 3; i++)
            {
                await next.WaitAsync();
                await context.Response.WriteAsync($"{i}");
                await context.Response.Body.FlushAsync();
            }
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var stream = await client.OpenAsync(Get("/"), end: true);
        await stream.HasHeaders();
        for (var i = 1; i <= 3; i++)
        {
            next.Release();
            await Eventually.Until(() => stream.Data.Length == i, "the piece has come");
        }

        await stream.Ended();
        Assert.Equal("012", Encoding.ASCII.GetString(stream.Data));
    }

    [Fact]
    public async Task A_body_that_waits_to_be_asked_for_is_asked_for()
    {
        await using var target = await Web.Target(async context => await context.Request.Body.CopyToAsync(context.Response.Body));
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var stream = await client.OpenAsync([.. Get("/", "POST"), ("expect", "100-continue"), ("content-length", "3")]);
        await stream.HasHeaders();
        Assert.Equal("100", stream.HttpStatus);
        await stream.SendDataAsync("abc"u8.ToArray(), end: true);
        await stream.Ended();

        Assert.Equal("abc", Encoding.ASCII.GetString(stream.Data));
        Assert.Contains((":status", "200"), stream.Trailers); // the second block that came
    }

    [Fact]
    public async Task A_client_that_resets_its_stream_ends_the_request_at_the_target()
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            await connection.ReadHead();
            while (await connection.ReadMore())
            {
            }
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var stream = await client.OpenAsync(Get("/", "POST"));
        await stream.SendDataAsync("half"u8.ToArray());
        await Eventually.Until(() => target.Received.Contains("half", StringComparison.Ordinal), "the request is there");

        await stream.ResetAsync(Wire.Cancel);

        await Eventually.Until(() => target.Connections.All(c => c.HasEnded), "the target is told");
        Assert.DoesNotContain("\r\n0\r\n", target.Received, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n\r\nhalf")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    public async Task A_target_that_dies_within_its_response_resets_the_stream(string answer)
    {
        var die = new TaskCompletionSource();
        await using var target = RawWebTarget.Start(async connection =>
        {
            await connection.ReadHead();
            await connection.Send($"HTTP/1.1 200 OK\r\n{answer}");
            await die.Task;
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var stream = await client.OpenAsync(Get("/"), end: true);
        await Eventually.Until(() => stream.Data.Length == 4, "half has come");

        die.SetResult();

        await Eventually.Until(() => stream.IsReset, "the stream is reset");
        Assert.Equal(Wire.InternalError, stream.ResetCode);
        Assert.False(stream.HasEnded);
    }

    [Fact]
    public async Task An_answer_before_the_request_has_ended_ends_the_stream_without_an_error()
    {
        await using var balancer = await Web.Balancer([]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var stream = await client.OpenAsync(Get("/", "POST"));
        await Eventually.Until(() => stream.IsReset, "the rest of the request is not wanted");

        Assert.Equal(("503", Wire.NoError), (stream.HttpStatus, stream.ResetCode));
        Assert.Equal("no target is registered\n", Encoding.UTF8.GetString(stream.Data));
    }

    [Theory]
    [InlineData("/a\u00e4")]
    [InlineData("/a\u007f")]
    public async Task A_path_that_cannot_stand_in_a_request_line_is_refused(string path)
    {
        await using var target = RawWebTarget.Start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var stream = await client.OpenAsync(Get(path), end: true);
        await stream.Ended();

        Assert.Equal("400", stream.HttpStatus);
        Assert.Equal("", target.Received);
    }

    [Fact]
    public async Task A_client_that_gives_no_credit_holds_the_target()
    {
        const long Whole = 64L * 1024 * 1024;
        var written = 0L;
        await using var target = await Web.Target(async context =>
        {
            if (context.Request.Path == "/canary") return;
            var piece = new byte[64 * 1024];
            while (written < Whole)
            {
                await context.Response.Body.WriteAsync(piece);
                Interlocked.Add(ref written, piece.Length);
            }
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        client.RefillsWindows = false;
        await using var canary = await Http1Client.Connect(balancer.Tls);

        var stream = await client.OpenAsync(Get("/"), end: true);
        Assert.InRange(await Web.Settled(() => Interlocked.Read(ref written)), 1, Whole / 2);
        Assert.Equal(200, (await canary.Get("/canary")).Status);

        await stream.ResetAsync(Wire.Cancel);
        await Eventually.Until(() => client.RefillsWindows = true, "credit is given again");
        var next = await client.OpenAsync(Get("/canary"), end: true);
        await next.Ended();
        Assert.Equal("200", next.HttpStatus);
    }

    [Fact]
    public async Task A_target_that_does_not_read_gets_no_more_than_a_window_for_it()
    {
        var goOn = new TaskCompletionSource();
        var read = 0L;
        await using var target = await Web.Target(async context =>
        {
            await goOn.Task;
            var piece = new byte[64 * 1024];
            while (await context.Request.Body.ReadAsync(piece) is > 0 and var count) read += count;
        });
        await using var balancer = await Web.Balancer([target.Url]);
        using var client = BalancerUnderTest.Client();
        var content = new CountedContent(64 * 1024 * 1024);
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(balancer.Tls, "/file")) { Version = new Version(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };

        var sending = client.SendAsync(request, CancellationToken.None);
        Assert.InRange(await Web.Settled(() => content.Sent), 1, 32L * 1024 * 1024);
        goOn.SetResult();
        using var response = await sending.WaitAsync(Eventually.Patience);

        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal(64L * 1024 * 1024, read);
    }

    [Fact]
    public async Task A_stopping_balancer_answers_what_still_runs()
    {
        await using var target = await Web.Target(async context =>
        {
            if (context.Request.Path == "/begun") await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using var balancer = await Web.Balancer([target.Url], "Balancer:DrainTimeout=1");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var silent = await client.OpenAsync(Get("/silent"), end: true);
        var begun = await client.OpenAsync(Get("/begun"), end: true);
        await begun.HasHeaders();
        await Eventually.Until(() => target.Calls == 2, "both run");

        await balancer.Stop();
        await Eventually.Until(() => silent.HasEnded && begun.IsReset, "both are ended");

        Assert.Equal(("503", "the balancer is stopping\n"), (silent.HttpStatus, Encoding.UTF8.GetString(silent.Data)));
        Assert.Equal(Wire.InternalError, begun.ResetCode);
    }

    private static (string Name, string Value)[] Get(string path, string method = "GET") => [(":method", method), (":scheme", "https"), (":path", path), (":authority", "example.com")];

    // Names that the sender knows it writes in its own way.
    private static string Usual(string field) => field.StartsWith("Accept:", StringComparison.Ordinal) ? "a" + field[1..] : field;

    private sealed class CountedContent(long length) : HttpContent
    {
        private long _sent;

        public long Sent => Interlocked.Read(ref _sent);

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            var piece = new byte[64 * 1024];
            for (; _sent < length; Interlocked.Add(ref _sent, piece.Length)) await stream.WriteAsync(piece);
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = length;
            return true;
        }
    }
}
