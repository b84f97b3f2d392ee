using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RouteGuide.Tests.Balancer.Http1;
using RouteGuide.Tests.Balancer.Tcp;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Telemetry;

/// <summary>Each call leaves one line, whatever becomes of it, and the line says so.</summary>
public sealed class AccessLogTests
{
    [Theory]
    [InlineData("auto")]
    [InlineData("portable")]
    public async Task A_call_over_TLS_has_all_the_fields(string transport)
    {
        using var log = new LogLines();
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], [.. log.Settings, $"Balancer:Transport={transport}"]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls, tls: new() { TargetHost = "localhost", ApplicationProtocols = [System.Net.Security.SslApplicationProtocol.Http2], RemoteCertificateValidationCallback = TestCertificate.Trust });
        var trace = new string('a', 32);
        var before = DateTimeOffset.UtcNow;

        var call = await client.OpenAsync(Wire.Request(balancer.Tls, fields: [("user-agent", "grpc-test/1.0"), ("traceparent", $"00-{trace}-{new string('b', 16)}-00")]));
        await call.SendMessageAsync(new byte[7], end: true);
        await call.Ended();

        var line = Assert.Single(await log.Have(1));
        Assert.Equal(
            ("grpcs", "app/routeguide-balancer", target.Url.Authority, "200", "200", "grpc-test/1.0", "default", trace, "localhost", "default", "127.0.0.1", "0", "-", "1", "-"),
            (line["type"], line["elb"], line["target:port"], line["elb_status_code"], line["target_status_code"], line["user_agent"], line["target_group_arn"], line["trace_id"], line["domain_name"], line["target_group_arn"], line["node_ip"], line["grpc_status"], line["grpc_message"], line["attempts"], line["response_flags"]));
        Assert.Equal($"POST https://localhost:{balancer.Tls.Port}/test.Service/Call HTTP/2.0", line["request"]);
        Assert.Equal(("TLSv1.3", "-", "-", "-"), (line["ssl_protocol"], line["redirect_url"], line["error_reason"], line["classification"]));
        Assert.StartsWith("TLS_", line["ssl_cipher"], StringComparison.Ordinal);
        Assert.NotEqual("-", line["chosen_cert_arn"]);
        Assert.Equal((target.Url.Authority, "200"), (line["target:port_list"], line["target_status_code_list"]));
        Assert.StartsWith("127.0.0.1:", line["client:port"], StringComparison.Ordinal);
        Assert.NotEqual(balancer.Tls.Authority, line["client:port"]);
        Assert.True(long.Parse(line["received_bytes"]) is > 12 + 60 and < 1_000, line["received_bytes"]);
        Assert.True(long.Parse(line["sent_bytes"]) is > 5 + 40 and < 1_000, line["sent_bytes"]);
        var (began, ended) = (DateTimeOffset.Parse(line["request_creation_time"]), DateTimeOffset.Parse(line["time"]));
        Assert.InRange(began, before.AddMilliseconds(-50), ended);
        Assert.InRange(ended, began, DateTimeOffset.UtcNow.AddMilliseconds(50));
        Assert.True(double.Parse(line["target_processing_time"]) <= double.Parse(line["duration"]));
        Assert.InRange((ended - began).TotalSeconds - double.Parse(line["duration"]), -0.000_1, 0.000_1);
    }

    [Fact]
    public async Task What_the_balancer_answers_itself_has_its_length_and_a_rules_answer_is_no_error()
    {
        using var log = new LogLines();
        await using var balancer = await BalancerUnderTest.StartWith(
            [],
            [
                .. log.Settings, "Balancer:Listeners:ruled:Url=http://127.0.0.1:0", "Balancer:Listeners:ruled:DefaultActions:0:Type=fixed-response",
                "Balancer:Listeners:ruled:DefaultActions:0:FixedResponseConfig:StatusCode=403", "Balancer:Listeners:ruled:DefaultActions:0:FixedResponseConfig:MessageBody=go away",
            ]);
        await using var grpc = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        await (await grpc.OpenAsync(Wire.Request(balancer.Tls), end: true)).Ended();
        await log.Have(1);
        await using var web = await Http1Client.Connect(balancer.Named("ruled"));
        Assert.Equal(403, (await web.Get("/a")).Status);
        await log.Have(2);
        await using var ruled = await RawHttp2Connection.ConnectAsync(balancer.Named("ruled"));
        await (await ruled.OpenAsync([(":method", "GET"), (":scheme", "http"), (":path", "/b"), (":authority", "b")], end: true)).Ended();
        await log.Have(3);
        await using var broken = await Http1Client.Connect(balancer.Named("ruled"));
        await broken.Send("this is no request\r\n\r\n");
        Assert.Equal(400, (await broken.Read()).Status);

        var lines = await log.Have(4);
        Assert.Equal(["UH", "BR", "BR", "IR"], lines.Select(l => l["response_flags"]));
        Assert.Equal(["200", "403", "403", "400"], lines.Select(l => l["elb_status_code"]));
        Assert.Equal((true, "-", "-", true), (lines[0]["error_reason"] != "-", lines[1]["error_reason"], lines[2]["error_reason"], lines[3]["error_reason"] != "-"));
        Assert.All(lines.Take(3), l => Assert.InRange(long.Parse(l["sent_bytes"]), "go away".Length + 20, 1_000));
        // GET /a HTTP/1.1, a host, and the empty line.
        Assert.InRange(long.Parse(lines[1]["received_bytes"]), 18 + 10, 200);
        Assert.Equal(("-", "http"), (lines[3]["request"], lines[3]["type"]));
    }

    [Fact]
    public async Task The_trace_that_a_target_of_HTTP_1_sees_is_in_the_line()
    {
        using var log = new LogLines();
        string? seen = null;
        await using var target = await Web.Target(context =>
        {
            seen = context.Request.Headers.TraceParent;
            return context.Response.WriteAsync("hello");
        });
        await using var balancer = await BalancerUnderTest.StartWith([], [.. log.Settings, $"Balancer:TargetGroups:web:Targets:0=http://{target.Url.Authority}", "Balancer:DefaultHttpGroup=web"]);
        await using var client = await Http1Client.Connect(balancer.Plaintext);

        // The client goes as soon as it has all of the answer: that breaks nothing off.
        Assert.Equal(200, (await client.Get("/")).Status);
        await client.DisposeAsync();

        var line = Assert.Single(await log.Have(1));
        Assert.Equal((seen![3..35], "-"), (line["trace_id"], line["response_flags"]));
    }

    [Fact]
    public async Task A_connection_in_TCP_mode_has_a_line_too()
    {
        using var log = new LogLines();
        await using var target = new SocketTarget(SocketTarget.Echo);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], [.. log.Settings, "urls=tcp://127.0.0.1:0", "ADMIN_PORT=0"]);
        using var client = await Sockets.Connect(balancer.Tcp);
        await client.Say("hello");
        await client.Hears("hello");
        client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        Assert.Empty(await client.ReceiveAll());

        var line = Assert.Single(await log.Have(1));
        Assert.Equal(
            ("tcp", target.Url.Authority, "5", "5", "-", "-", "-", "default", "1"),
            (line["type"], line["target:port"], line["received_bytes"], line["sent_bytes"], line["request"], line["elb_status_code"], line["response_flags"], line["target_group_arn"], line["attempts"]));
        var metrics = await MetricsTests.Page(balancer);
        Assert.Equal(1, metrics["routeguide_balancer_tcp_connections_total{listener=\"tcp://127.0.0.1:0\",ending=\"finished\"}"]);
    }

    [Fact]
    public async Task Each_way_of_coming_has_its_type()
    {
        using var log = new LogLines();
        await using var grpc = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var web = await Web.Target(context => context.Response.WriteAsync("hello"));
        await using var balancer = await BalancerUnderTest.StartWith(
            [grpc.Url],
            [
                .. log.Settings, "Balancer:TargetGroups:web:ProtocolVersion=HTTP1", $"Balancer:TargetGroups:web:Targets:0=http://{web.Url.Authority}",
                "Balancer:DefaultHttpGroup=web",
            ]);
        var count = 0;
        foreach (var front in (Uri[])[balancer.Plaintext, balancer.Tls])
        {
            await using var http2 = await RawHttp2Connection.ConnectAsync(front);
            await (await http2.OpenAsync(Wire.Request(front), end: true)).Ended();
            await log.Have(++count);
            await (await http2.OpenAsync([(":method", "GET"), (":scheme", front.Scheme), (":path", "/page?q=1"), (":authority", "example.com")], end: true)).Ended();
            await log.Have(++count);
            await using var http1 = await Http1Client.Connect(front);
            Assert.Equal(200, (await http1.Get("/page")).Status);
            await log.Have(++count);
        }

        var lines = await log.Have(count);
        Assert.Equal(["grpc", "h2c", "http", "grpcs", "h2", "https"], lines.Select(l => l["type"]));
        Assert.Equal(["default", "web", "web", "default", "web", "web"], lines.Select(l => l["target_group_arn"]));
        Assert.Equal(["0", "-", "-", "0", "-", "-"], lines.Select(l => l["grpc_status"]));
        Assert.All(lines, l => Assert.Equal(("200", "200"), (l["elb_status_code"], l["target_status_code_list"])));
        Assert.Equal($"GET http://example.com:{balancer.Plaintext.Port}/page?q=1 HTTP/2.0", lines[1]["request"]);
        Assert.EndsWith("/page HTTP/1.1", lines[2]["request"], StringComparison.Ordinal);
        Assert.Equal(["-", "-", "-"], lines.Take(3).Select(l => l["ssl_protocol"]));
    }

    [Fact]
    public async Task A_call_that_fails_says_who_ended_it_and_why()
    {
        using var log = new LogLines();
        var hang = new TaskCompletionSource();
        await using var target = RawTarget.Start(async (_, stream) =>
        {
            switch (stream.Header(":path"))
            {
                case "/test.Service/Fails": await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "13"), ("grpc-message", "it%20broke%0Abadly \"here\"")], end: true); break;
                case "/test.Service/Resets": await stream.ResetAsync(2); break;
                default: await hang.Task; break;
            }
        });
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], log.Settings);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);
        var count = 0;

        await Call("Fails");
        await Call("Resets");
        await Call("Hangs", ("grpc-timeout", "50m"));
        var cancelled = await client.OpenAsync(Wire.Request(balancer.Plaintext, "/test.Service/Hangs"), end: true);
        await Eventually.Until(() => target.Connections.Sum(c => c.Streams.Count) == 4, "the target has it");
        await cancelled.ResetAsync(8);
        await log.Have(++count);
        var refused = await client.OpenAsync([(":method", "TRACE"), (":scheme", "http"), (":path", "/x"), (":authority", "a")], end: true);
        await refused.Ended();
        var lines = await log.Have(++count);

        Assert.Equal(["-", "UR", "DT", "DC", "IR"], lines.Select(l => l["response_flags"]));
        Assert.Equal(["13", "13", "4", "-", "-"], lines.Select(l => l["grpc_status"]));
        Assert.Equal(["200", "200", "200", "-", "405"], lines.Select(l => l["elb_status_code"]));
        Assert.Equal(["200", "-", "-", "-", "-"], lines.Select(l => l["target_status_code"]));
        Assert.Equal(["1", "1", "1", "1", "0"], lines.Select(l => l["attempts"]));
        Assert.Equal([target.Url.Authority, target.Url.Authority, target.Url.Authority, target.Url.Authority, "-"], lines.Select(l => l["target:port"]));
        Assert.Equal(@"it broke\x0abadly \x22here\x22", lines[0]["grpc_message"]);
        Assert.Equal("-", lines[0]["error_reason"]);
        Assert.Contains("reset the call with InternalError", lines[1]["error_reason"], StringComparison.Ordinal);
        Assert.Contains("deadline", lines[2]["grpc_message"], StringComparison.Ordinal);
        Assert.Contains("does not carry TRACE", lines[4]["error_reason"], StringComparison.Ordinal);
        hang.SetResult();

        async Task Call(string method, params (string, string)[] fields)
        {
            await (await client.OpenAsync(Wire.Request(balancer.Plaintext, $"/test.Service/{method}", fields), end: true)).Ended();
            await log.Have(++count);
        }
    }

    [Fact]
    public async Task Attempts_are_listed_and_no_target_is_told()
    {
        using var log = new LogLines();
        await using var refusing = RawTarget.Start((_, stream) => stream.ResetAsync(7));
        await using var live = RawTarget.Start((_, stream) => RawTarget.Answer(stream));
        await using var balancer = await BalancerUnderTest.StartWith([refusing.Url, live.Url], log.Settings);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);

        await (await client.OpenAsync(Wire.Request(balancer.Plaintext), end: true)).Ended();
        await (await client.OpenAsync(Wire.Request(balancer.Plaintext), end: true)).Ended();
        foreach (var entry in balancer.Targets.Current.Entries) balancer.Targets.Remove(entry.Target);
        await (await client.OpenAsync(Wire.Request(balancer.Plaintext), end: true)).Ended();

        var lines = await log.Have(3);
        var retried = lines.First(l => l["attempts"] == "2");
        Assert.Equal(($"{refusing.Url.Authority} {live.Url.Authority}", "- 200", live.Url.Authority, "0"), (retried["target:port_list"], retried["target_status_code_list"], retried["target:port"], retried["grpc_status"]));
        Assert.Equal(("UH", "14", "0", "-", "-1", "-1"), (lines[2]["response_flags"], lines[2]["grpc_status"], lines[2]["attempts"], lines[2]["target:port"], lines[2]["request_processing_time"], lines[2]["target_processing_time"]));
    }

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task Nothing_that_a_client_sends_can_forge_a_field_or_a_line(string format)
    {
        using var log = new LogLines();
        await using var target = RawTarget.Start((_, stream) => RawTarget.Answer(stream));
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], [.. log.Settings, $"Balancer:AccessLog:Format={format}"]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);
        const string Agent = "a\" \"b\\ \t{\"x\":1} é";

        await (await client.OpenAsync(Wire.Request(balancer.Plaintext, "/a\"b", ("user-agent", Agent)), end: true)).Ended();
        await Eventually.Until(() => log.All.Length > 0, "the line is there");

        var line = Assert.Single(log.All);
        if (format == "text")
        {
            Assert.Equal((@"a\x22 \x22b\x5c \x09{\x22x\x22:1} \xe9", $@"POST http://localhost:{balancer.Plaintext.Port}/a\x22b HTTP/2.0"), (LogLines.Parse(line)["user_agent"], LogLines.Parse(line)["request"]));
        }
        else
        {
            var fields = LogLines.ParseJson(line);
            Assert.Equal((Agent, JsonValueKind.Null, 1, "0"), (fields["user_agent"].GetString(), fields["domain_name"].ValueKind, fields["attempts"].GetInt32(), fields["grpc_status"].GetRawText()));
            Assert.True(line.All(c => c is >= ' ' and <= '~'), line);
        }
    }

    [Fact]
    public async Task A_file_that_was_renamed_deleted_or_emptied_is_left_for_a_new_one()
    {
        using var log = new LogLines();
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], log.Settings);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);

        await NewLines();
        File.Move(log.Path, log.Path + ".1");
        await NewLines();
        File.Move(log.Path, log.Path + ".2");
        await File.WriteAllTextAsync(log.Path, "");
        await NewLines();
        File.Delete(log.Path);
        await NewLines();
        await using (var emptied = new FileStream(log.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) emptied.SetLength(0);
        await NewLines();
        Assert.NotEmpty(LogLines.Of(log.Path + ".1"));
        Assert.NotEmpty(LogLines.Of(log.Path + ".2"));

        // It is looked at once a second; until then lines go to the old one.
        async Task NewLines()
        {
            await Eventually.Until(
                async () =>
                {
                    await (await client.OpenAsync(Wire.Request(balancer.Plaintext), end: true)).Ended();
                    return log.All.Length > 0;
                },
                "lines are in the file");
            Assert.All(log.All, line => LogLines.Parse(line));
        }
    }

    [Fact]
    public async Task A_disk_that_is_full_costs_lines_and_no_calls()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "no /dev/full here");
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "Balancer:AccessLog:Enabled=true", "Balancer:AccessLog:Path=/dev/full");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);

        for (var i = 0; i < 20; i++)
        {
            var call = await client.OpenAsync(Wire.Request(balancer.Plaintext), end: true);
            await call.Ended();
            Assert.Equal("0", call.GrpcStatus);
        }

        await Eventually.Until(() => balancer.AccessLog.Lost == 20, "each line is counted as lost");
        Assert.Equal(0, balancer.AccessLog.Written);
    }

    [Fact]
    public async Task It_is_off_by_default()
    {
        await using var balancer = await BalancerUnderTest.Start();
        Assert.False(balancer.AccessLog.IsEnabled);
    }
}
