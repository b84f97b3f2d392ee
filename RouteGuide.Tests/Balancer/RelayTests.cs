using System.Net;
using Microsoft.AspNetCore.Http;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer;

/// <summary>A call passes through: headers, body and trailers, both ways, as they come.</summary>
public sealed class RelayTests
{
    [Fact]
    public async Task A_unary_call_passes_with_its_trailers()
    {
        byte[] received = [];
        await using var target = await KestrelTarget.Start(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received = body.ToArray();
            context.Response.ContentType = "application/grpc+proto";
            await context.Response.Body.WriteAsync(new byte[] { 0, 0, 0, 0, 2, 7, 8 });
            context.Response.AppendTrailer("grpc-status", "0");
            context.Response.AppendTrailer("checksum-bin", "AAEC");
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = BalancerUnderTest.Client();

        using var response = await client.SendAsync(balancer.Request(new ByteArrayContent([0, 0, 0, 0, 1, 9])), CancellationToken.None);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/grpc+proto", response.Content.Headers.ContentType?.ToString());
        Assert.Equal([0, 0, 0, 0, 2, 7, 8], await response.Content.ReadAsByteArrayAsync());
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
        Assert.Equal("AAEC", response.TrailingHeaders.GetValues("checksum-bin").Single());
        Assert.Equal([0, 0, 0, 0, 1, 9], received);
    }

    [Fact]
    public async Task Response_headers_arrive_before_any_body_byte()
    {
        var release = new TaskCompletionSource();
        await using var target = await KestrelTarget.Start(async context =>
        {
            context.Response.Headers["x-early"] = "yes";
            await context.Response.Body.FlushAsync();
            await release.Task;
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = BalancerUnderTest.Client();

        using var response = await client.SendAsync(balancer.Request(), CancellationToken.None).WaitAsync(Eventually.Patience);

        Assert.Equal("yes", response.Headers.GetValues("x-early").Single());
        release.SetResult();
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Each_message_passes_before_the_next_is_sent_in_both_directions()
    {
        await using var target = await KestrelTarget.Start(async context =>
        {
            await context.Response.Body.FlushAsync();
            var buffer = new byte[100];
            while (await context.Request.Body.ReadAsync(buffer) is > 0 and var count)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, count));
                await context.Response.Body.FlushAsync();
            }

            context.Response.AppendTrailer("grpc-status", "0");
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = BalancerUnderTest.Client();
        var content = new DuplexContent();
        using var response = await client.SendAsync(balancer.Request(content), CancellationToken.None).WaitAsync(Eventually.Patience);
        var stream = await response.Content.ReadAsStreamAsync();

        var buffer = new byte[100];
        for (byte i = 1; i <= 5; i++)
        {
            content.Send(i);
            Assert.Equal(1, await stream.ReadAsync(buffer).AsTask().WaitAsync(Eventually.Patience));
            Assert.Equal(i, buffer[0]);
        }

        content.End();
        Assert.Equal(0, await stream.ReadAsync(buffer).AsTask().WaitAsync(Eventually.Patience));
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task Large_bodies_pass_whole_in_both_directions()
    {
        await using var target = await KestrelTarget.Start(async context =>
        {
            await context.Request.Body.CopyToAsync(context.Response.Body);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = BalancerUnderTest.Client();
        var bytes = new byte[5_000_000];
        new Random(1).NextBytes(bytes);
        var content = new DuplexContent();
        content.Send(bytes);
        content.End();

        using var response = await client.SendAsync(balancer.Request(content), CancellationToken.None);

        Assert.Equal(bytes, await response.Content.ReadAsByteArrayAsync().WaitAsync(Eventually.Patience));
    }

    [Fact]
    public async Task A_target_sees_where_the_call_came_from()
    {
        IHeaderDictionary? headers = null;
        await using var target = await KestrelTarget.Start(context =>
        {
            headers = context.Request.Headers;
            return KestrelTarget.Answer(context);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = BalancerUnderTest.Client();
        var request = balancer.Request();
        request.Headers.TryAddWithoutValidation("x-forwarded-for", "192.0.2.7");
        request.Headers.TryAddWithoutValidation("x-forwarded-proto", "spoofed");

        using var response = await client.SendAsync(request, CancellationToken.None);

        Assert.Equal("192.0.2.7, 127.0.0.1", headers!["x-forwarded-for"]);
        Assert.Equal("https", headers["x-forwarded-proto"]);
        Assert.Equal($"{balancer.Tls.Port}", headers["x-forwarded-port"]);
        Assert.Equal(balancer.Tls.Authority, headers.Host);
        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$", headers.TraceParent.ToString());
    }

    [Fact]
    public async Task The_clients_trace_is_kept()
    {
        string? seen = null;
        await using var target = await KestrelTarget.Start(context =>
        {
            seen = context.Request.Headers.TraceParent;
            return KestrelTarget.Answer(context);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = BalancerUnderTest.Client();
        var request = balancer.Request();
        request.Headers.TryAddWithoutValidation("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        using var response = await client.SendAsync(request, CancellationToken.None);

        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_that_repeat_keep_their_own_headers_and_each_gets_a_trace_of_its_own()
    {
        var seen = new System.Collections.Concurrent.ConcurrentBag<(string Path, string? Tag, string Trace, string For, string Proto)>();
        await using var target = await KestrelTarget.Start(context =>
        {
            var headers = context.Request.Headers;
            seen.Add((context.Request.Path, headers["x-tag"], headers.TraceParent.ToString(), headers["x-forwarded-for"].ToString(), headers["x-forwarded-proto"].ToString()));
            context.Response.ContentType = "application/grpc";
            context.Response.AppendTrailer("grpc-status", context.Request.Path.Value![^1..]);
            return Task.CompletedTask;
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = BalancerUnderTest.Client();

        for (var i = 0; i < 60; i++)
        {
            var request = balancer.Request(new ByteArrayContent([0, 0, 0, 0, 0]));
            request.RequestUri = new Uri(balancer.Tls, $"a.B/C{i % 3}");
            request.Headers.Add("x-tag", $"t{i % 3}");
            using var response = await client.SendAsync(request, CancellationToken.None);
            await response.Content.ReadAsByteArrayAsync();
            Assert.Equal($"{i % 3}", response.TrailingHeaders.GetValues("grpc-status").Single());
        }

        Assert.Equal(60, seen.Count);
        Assert.All(seen, call => Assert.Equal($"t{call.Path[^1]}", call.Tag));
        Assert.All(seen, call => Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-00$", call.Trace));
        Assert.Equal(60, seen.Select(call => call.Trace).Distinct().Count());
        Assert.Equal(("127.0.0.1", "https"), seen.Select(call => (call.For, call.Proto)).Distinct().Single());
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [InlineData("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more")]
    public async Task A_trace_context_that_is_invalid_is_replaced_and_its_state_dropped(string invalid)
    {
        var seen = new System.Collections.Concurrent.ConcurrentQueue<(string Trace, string State)>();
        await using var target = await KestrelTarget.Start(context =>
        {
            seen.Enqueue((context.Request.Headers.TraceParent.ToString(), context.Request.Headers.TraceState.ToString()));
            return Task.CompletedTask;
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = BalancerUnderTest.Client();

        for (var i = 0; i < 4; i++)
        {
            var request = balancer.Request();
            request.Headers.TryAddWithoutValidation("traceparent", invalid);
            request.Headers.TryAddWithoutValidation("tracestate", "a=b");
            using var response = await client.SendAsync(request, CancellationToken.None);
            await response.Content.ReadAsByteArrayAsync();
        }

        Assert.Equal(4, seen.Count);
        Assert.All(seen, s => Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-00$", s.Trace));
        Assert.Equal(4, seen.Select(s => s.Trace).Distinct().Count());
        Assert.All(seen, s => Assert.Empty(s.State));
    }

    [Fact]
    public async Task A_call_whose_headers_exceed_the_limits_is_refused_in_the_language_of_gRPC()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync([.. Wire.Request(balancer.Tls), .. Enumerable.Range(0, 150).Select(i => ($"x-{i}", "y"))], end: true);
        await call.Ended();
        Assert.Equal("8", call.GrpcStatus);
        Assert.Contains("limits", call.GrpcMessage, StringComparison.Ordinal);

        var next = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await next.Ended();
        Assert.Equal("0", next.GrpcStatus);
    }

    [Fact]
    public async Task A_path_passes_as_it_was_written()
    {
        string? path = null;
        await using var target = await KestrelTarget.Start(context =>
        {
            path = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
            return Task.CompletedTask;
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = BalancerUnderTest.Client();
        var request = balancer.Request();
        request.RequestUri = new Uri($"{balancer.Tls}a/%2e%2E/b%2fc/./d?x=%20y&z=%7e", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

        using var response = await client.SendAsync(request, CancellationToken.None);

        Assert.Equal("/a/%2e%2E/b%2fc/./d?x=%20y&z=%7e", path);
    }

    [Fact]
    public async Task Plain_HTTP2_requests_pass_too()
    {
        await using var target = await KestrelTarget.Start(async context =>
        {
            context.Response.StatusCode = 418;
            context.Response.Headers.Server = "teapot";
            context.Response.Headers.Append("set-cookie", "a=1");
            context.Response.Headers.Append("set-cookie", "b=2");
            await context.Response.WriteAsync($"{context.Request.Method} {context.Request.Headers["content-length"]}");
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = BalancerUnderTest.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(balancer.Tls, "/page")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var response = await client.SendAsync(request, CancellationToken.None);

        Assert.Equal(418, (int)response.StatusCode);
        Assert.Equal("teapot", response.Headers.Server.ToString());
        Assert.Equal(["a=1", "b=2"], response.Headers.GetValues("set-cookie"));
        Assert.Equal("GET ", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("HEAD", 200, 12)]
    [InlineData("GET", 204, null)]
    [InlineData("GET", 304, null)]
    [InlineData("DELETE", 200, 0)]
    public async Task Responses_without_a_body_pass(string method, int status, int? length)
    {
        await using var target = await KestrelTarget.Start(context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentLength = length;
            context.Response.Headers["x-kept"] = "yes";
            return Task.CompletedTask;
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = BalancerUnderTest.Client();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(balancer.Tls, "/page")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var response = await client.SendAsync(request, CancellationToken.None).WaitAsync(Eventually.Patience);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(length, (int?)response.Content.Headers.ContentLength);
        Assert.Equal("yes", response.Headers.GetValues("x-kept").Single());
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }
}
