using System.Net;
using System.Net.Sockets;
using System.Text;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer;

/// <summary>What the front answers itself, and what it does not carry.</summary>
public sealed class FrontTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Health_is_200_as_soon_as_it_listens(string version)
    {
        await using var balancer = await BalancerUnderTest.Start();
        using var client = BalancerUnderTest.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(balancer.Tls, "/health")) { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var response = await client.SendAsync(request, CancellationToken.None);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("Healthy\n", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Anything_else_over_HTTP_1_1_is_told_that_the_targets_speak_HTTP2()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = BalancerUnderTest.Client();
        using var request = balancer.Request();
        request.Version = HttpVersion.Version11;

        using var response = await client.SendAsync(request, CancellationToken.None);

        Assert.Equal(464, (int)response.StatusCode);
        Assert.Equal("routeguide-balancer", response.Headers.Server.ToString());
        Assert.Contains("'default' has protocol version HTTP2", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(0, target.Calls);
    }

    [Fact]
    public async Task The_plaintext_front_speaks_HTTP2_by_prior_knowledge()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);

        var call = await client.OpenAsync(Wire.Request(balancer.Plaintext), end: true);
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
    }

    [Fact]
    public async Task The_plaintext_front_tells_HTTP_1_1_by_its_first_octets()
    {
        await using var balancer = await BalancerUnderTest.Start();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, balancer.Plaintext.Port);
        await socket.SendAsync("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray());

        using var reader = new StreamReader(new NetworkStream(socket), Encoding.ASCII);

        Assert.Equal("HTTP/1.1 200 OK", await reader.ReadLineAsync());
        Assert.EndsWith("\r\n\r\nHealthy\n", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_targets_own_health_service_is_reached_through_the_front()
    {
        string? path = null;
        await using var target = await KestrelTarget.Start(context =>
        {
            path = context.Request.Path;
            return KestrelTarget.Answer(context);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        using var client = BalancerUnderTest.Client();

        using var response = await client.SendAsync(balancer.Request(path: "/grpc.health.v1.Health/Check"), CancellationToken.None);

        Assert.Equal("/grpc.health.v1.Health/Check", path);
    }

    [Fact]
    public async Task TRACE_and_CONNECT_are_refused()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var trace = await client.OpenAsync([(":method", "TRACE"), (":scheme", "https"), (":path", "/x"), (":authority", "localhost")], end: true);
        await trace.Ended();
        var connect = await client.OpenAsync([(":method", "CONNECT"), (":authority", "localhost:22")], end: true);
        await connect.Ended();
        var grpc = await client.OpenAsync(Wire.Request(balancer.Tls, fields: (":method", "TRACE")), end: true);
        await grpc.Ended();

        Assert.Equal(("405", "405"), (trace.HttpStatus, connect.HttpStatus));
        Assert.Equal("12", grpc.GrpcStatus);
        Assert.Equal(0, target.Calls);
    }

    [Fact]
    public async Task A_field_value_with_the_balancers_own_separator_is_refused()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync(Wire.Request(balancer.Tls, fields: ("x-odd", "a\x1f" + "b")), end: true);
        await call.Ended();

        Assert.Equal("3", call.GrpcStatus);
        Assert.Contains("x-odd", call.GrpcMessage, StringComparison.Ordinal);
        Assert.Equal(0, target.Calls);
    }

    [Fact]
    public async Task A_response_that_contradicts_itself_harms_nobody_else()
    {
        await using var target = RawTarget.Start(async (_, stream) =>
        {
            if (stream.Header(":path") != "/test.Service/Odd")
            {
                await RawTarget.Answer(stream);
                return;
            }

            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc"), ("content-length", "3")]);
            await stream.SendDataAsync(new byte[100]);
            await stream.SendHeadersAsync([("grpc-status", "0")], end: true);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var odd = await client.OpenAsync(Wire.Request(balancer.Tls, "/test.Service/Odd"), end: true);
        await odd.Ended();
        var next = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await next.Ended();

        Assert.True(odd.IsReset || odd.GrpcStatus == "13", $"reset {odd.ResetCode}, status {odd.GrpcStatus}");
        Assert.Equal("0", next.GrpcStatus);
    }

    [Fact]
    public async Task A_stopping_balancer_lets_running_calls_finish_and_then_ends_them()
    {
        RawHttp2Stream? quick = null;
        RawHttp2Stream? stuck = null;
        await using var target = RawTarget.Start(async (_, stream) =>
        {
            if (stream.Header(":path") == "/test.Service/Quick") quick = stream;
            else stuck = stream;
            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
        });
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "Balancer:DrainTimeout=1");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var finishing = await client.OpenAsync(Wire.Request(balancer.Tls, "/test.Service/Quick"), end: true);
        var hanging = await client.OpenAsync(Wire.Request(balancer.Tls, "/test.Service/Stuck"), end: true);
        await Eventually.Until(() => quick is not null && stuck is not null, "both calls run");
        await finishing.HasHeaders();
        await hanging.HasHeaders();

        var stopping = balancer.Stop();
        await client.WaitForAsync(f => f.Type == RawHttp2FrameType.GoAway, "GOAWAY");
        await quick!.SendHeadersAsync([("grpc-status", "0")], end: true);
        await finishing.Ended();
        await hanging.Ended();
        await stopping;

        Assert.Equal(("0", "14"), (finishing.GrpcStatus, hanging.GrpcStatus));
        Assert.Contains("stopping", hanging.GrpcMessage, StringComparison.Ordinal);
        await Eventually.Until(() => stuck!.ResetCode == Wire.Cancel || target.Connections.All(c => c.IsClosed), "the target is told");
    }
}
