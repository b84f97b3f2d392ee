using Microsoft.AspNetCore.Http;
using RouteGuide.Tests.Balancer.Telemetry;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Http1;

/// <summary>What the balancer itself answers over HTTP/1.1, where requests go, and how it ends.</summary>
public sealed class FrontTests
{
    [Theory]
    [InlineData("GET", "/health", 200)]
    [InlineData("HEAD", "/health?x", 200)]
    [InlineData("TRACE", "/", 405)]
    [InlineData("OPTIONS", "*", 405)]
    public async Task Some_requests_are_the_balancers_own(string method, string path, int status)
    {
        await using var target = await Web.Target(_ => Task.CompletedTask);
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        var response = await client.Get(path, method);

        Assert.Equal((status, "routeguide-balancer", "no-store"), (response.Status, response.Field("Server"), response.Field("Cache-Control")));
        Assert.Equal(0, target.Calls);
        Assert.Equal(200, (await client.Get("/")).Status);
    }

    [Fact]
    public async Task A_rule_sends_a_path_to_its_group_and_gRPC_goes_on_as_before()
    {
        await using var grpc = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var web = await Web.Target(context => context.Response.WriteAsync("web"));
        await using var api = await Web.Target(context => context.Response.WriteAsync("api"));
        await using var balancer = await BalancerUnderTest.StartWith(
            [grpc.Url],
            $"Balancer:TargetGroups:web:Targets:0=http://{web.Url.Authority}",
            $"Balancer:TargetGroups:api:Targets:0=http://{api.Url.Authority}",
            "Balancer:Rules:0:PathPattern=/api/*",
            "Balancer:Rules:0:TargetGroup=api",
            "Balancer:Rules:1:PathPattern=/grpc/*",
            "Balancer:Rules:1:TargetGroup=default",
            "Balancer:DefaultHttpGroup=web");
        await using var client = await Http1Client.Connect(balancer.Tls);
        await using var http2 = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await http2.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal("web", (await client.Get("/")).Text);
        Assert.Equal("api", (await client.Get("/api/x?y")).Text);
        var mismatch = await client.Get("/grpc/x");
        Assert.Equal(464, mismatch.Status);
        Assert.Contains("'default' has protocol version HTTP2", mismatch.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_group_cannot_take_is_told_in_the_language_of_the_request()
    {
        await using var balancer = await BalancerUnderTest.StartWith(
            [],
            "Balancer:TargetGroups:default:ProtocolVersion=GRPC",
            "Balancer:TargetGroups:web:ProtocolVersion=HTTP1",
            "Balancer:Rules:0:PathPattern=/web/*",
            "Balancer:Rules:0:TargetGroup=web");
        await using var http2 = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        await using var http1 = await Http1Client.Connect(balancer.Plaintext);

        var grpc = await http2.OpenAsync(Wire.Request(balancer.Tls, "/web/x.Service/Call"), end: true);
        await grpc.Ended();
        var get = await http2.OpenAsync([(":method", "GET"), (":scheme", "https"), (":path", "/x"), (":authority", "localhost")], end: true);
        await get.Ended();
        var post = await http2.OpenAsync([(":method", "POST"), (":scheme", "https"), (":path", "/x"), (":authority", "localhost")], end: true);
        await post.Ended();

        Assert.Equal(("200", "12"), (grpc.HttpStatus, grpc.GrpcStatus));
        Assert.Contains("'web' has protocol version HTTP1", Uri.UnescapeDataString(grpc.GrpcMessage!), StringComparison.Ordinal);
        Assert.Equal("464", get.HttpStatus);
        Assert.Contains("POST", System.Text.Encoding.UTF8.GetString(get.Data), StringComparison.Ordinal);
        Assert.Equal("503", post.HttpStatus); // it would be carried, were there a target
        Assert.Equal(464, (await http1.Get("/x", "POST")).Status);
    }

    [Fact]
    public async Task A_stopping_balancer_lets_running_requests_finish_and_then_ends_them()
    {
        var quick = new TaskCompletionSource();
        var stuck = new TaskCompletionSource();
        await using var target = await Web.Target(async context =>
        {
            if (context.Request.Path == "/idle") return;
            if (context.Request.Path == "/quick") await quick.Task;
            else await stuck.Task.WaitAsync(context.RequestAborted);
        });
        await using var balancer = await Web.Balancer([target.Url], "Balancer:DrainTimeout=2");
        await using var idle = await Http1Client.Connect(balancer.Tls);
        Assert.Equal(200, (await idle.Get("/idle")).Status);
        await using var finishing = await Http1Client.Connect(balancer.Tls);
        await using var hanging = await Http1Client.Connect(balancer.Plaintext);
        await finishing.Send("GET /quick HTTP/1.1\r\nHost: a\r\n\r\n");
        await hanging.Send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
        await Eventually.Until(() => target.Calls == 3, "all requests run");

        var stopping = balancer.Stop();
        Assert.True(await idle.HasEnded(), "a connection without a request is closed at once");
        quick.SetResult();
        var finished = await finishing.Read();

        Assert.Equal((200, "close"), (finished.Status, finished.Field("Connection")));
        Assert.True(await finishing.HasEnded());
        Assert.True(await hanging.HasEnded());
        await stopping;
    }

    [Fact]
    public async Task A_request_leaves_one_line_in_the_access_log()
    {
        await using var target = await Web.Target(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            await context.Response.WriteAsync("hello");
        });
        using var log = new LogLines();
        await using var balancer = await Web.Balancer([target.Url], log.Settings);
        await using var client = await Http1Client.Connect(balancer.Tls);

        await client.Send("PUT /file?secret=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
        await client.Read();
        await client.Get("/x", "TRACE");

        var lines = await log.Have(2);
        Assert.Equal(
            [
                ($"PUT https://a:{balancer.Tls.Port}/file?secret=1 HTTP/1.1", target.Url.Authority, "200", "-", "62", "1", "-"),
                ($"TRACE https://localhost:{balancer.Tls.Port}/x HTTP/1.1", "-", "405", "-", "38", "0", "IR"),
            ],
            lines.Select(l => (l["request"], l["target:port"], l["elb_status_code"], l["grpc_status"], l["received_bytes"], l["attempts"], l["response_flags"])));
        // A head, whose fields the server of the target chooses, and the body.
        Assert.All(lines, l => Assert.InRange(long.Parse(l["sent_bytes"]), 40, 400));
    }

    [Fact]
    public async Task A_head_that_does_not_end_is_given_up_and_so_is_a_connection_without_requests()
    {
        await using var target = await Web.Target(_ => Task.CompletedTask);
        await using var balancer = await Web.Balancer([target.Url], "Balancer:Limits:HeadersTimeout=1", "Balancer:Limits:IdleTimeout=1");
        await using var slow = await Http1Client.Connect(balancer.Tls);
        await using var idle = await Http1Client.Connect(balancer.Plaintext);
        Assert.Equal(200, (await idle.Get("/")).Status);

        await slow.Send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");

        Assert.Equal(408, (await slow.Read()).Status);
        Assert.True(await idle.HasEnded());
    }

    [Theory]
    [InlineData("--http1.1", "1.1", true)]
    [InlineData("--http1.1", "1.1", false)]
    [InlineData("--http1.0", "1.1", false)] // RFC 9112 section 2.3: the answer names what is spoken here
    [InlineData("--http2", "2", true)]
    [InlineData("--http2-prior-knowledge", "2", false)]
    public async Task Curl_uploads_and_downloads(string version, string spoken, bool tls)
    {
        await using var target = await Web.Target(async context => await context.Request.Body.CopyToAsync(context.Response.Body));
        await using var balancer = await Web.Balancer([target.Url]);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, new string('z', 2_000_000));
        try
        {
            var url = tls ? balancer.Tls : balancer.Plaintext;
            RunningProcess curl;
            try
            {
                curl = RunningProcess.Start("curl", ["-sS", "-k", "--max-time", "30", version, "--data-binary", $"@{file}", "-o", $"{file}.out", "-w", "%{http_code} %{http_version} %{size_download}\n", $"{url}upload"]);
            }
            catch (System.ComponentModel.Win32Exception)
            {
                Assert.Skip("no curl here");
                return;
            }

            await using (curl)
            {
                var exit = await curl.WaitForExit();
                Assert.SkipWhen(exit == 1 || exit == 2, "this curl does not speak HTTP/2");
                Assert.Equal((0, ""), (exit, string.Join('\n', curl.Error)));
                Assert.Equal($"200 {spoken} 2000000", Assert.Single(curl.Output));
                Assert.Equal(await File.ReadAllBytesAsync(file), await File.ReadAllBytesAsync($"{file}.out"));
            }
        }
        finally
        {
            File.Delete(file);
            File.Delete($"{file}.out");
        }
    }
}
