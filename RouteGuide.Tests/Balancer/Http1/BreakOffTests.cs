using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Http1;

/// <summary>Either side breaks off, or there is nobody to go to.</summary>
public sealed class BreakOffTests
{
    [Fact]
    public async Task Requests_go_to_the_targets_in_turn_and_around_one_that_is_gone()
    {
        await using var one = await Web.Target(context => context.Response.WriteAsync("one"));
        await using var two = await Web.Target(context => context.Response.WriteAsync("two"));
        using var gone = new Socket(SocketType.Stream, ProtocolType.Tcp);
        gone.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // taken, and not listened on
        await using var balancer = await Web.Balancer([one.Url, new Uri($"http://{gone.LocalEndPoint}"), two.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        var answers = new List<string>();
        for (var i = 0; i < 20; i++) answers.Add((await client.Get("/")).Text);

        Assert.All(answers, a => Assert.True(a is "one" or "two", a));
        Assert.InRange(answers.Count(a => a == "one"), 9, 11);
    }

    [Fact]
    public async Task With_no_target_that_can_be_reached_it_is_503()
    {
        using var gone = new Socket(SocketType.Stream, ProtocolType.Tcp);
        gone.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var none = await Web.Balancer([]);
        await using var dead = await Web.Balancer([new Uri($"http://{gone.LocalEndPoint}")]);
        await using var first = await Http1Client.Connect(none.Tls);
        await using var second = await Http1Client.Connect(dead.Tls);

        var noTarget = await first.Get("/");
        var noConnection = await second.Get("/", "POST");

        Assert.Equal((503, "no target is registered\n"), (noTarget.Status, noTarget.Text));
        Assert.Equal(503, noConnection.Status);
        Assert.Contains($"{gone.LocalEndPoint}, cannot be reached", noConnection.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense\r\n\r\n", "no response")]
    [InlineData("HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", "999")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Odd: a\u0001b\r\nContent-Length: 0\r\n\r\n", "X-Odd")]
    [InlineData("", "lost the connection")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Ha", "lost the connection")]
    public async Task A_target_that_answers_with_no_response_is_502_and_named(string answer, string reason)
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            await connection.ReadHead();
            await connection.Send(answer);
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        var response = await client.Get("/");

        Assert.Equal((502, "routeguide-balancer"), (response.Status, response.Field("Server")));
        Assert.Contains(target.Url.Authority, response.Text, StringComparison.Ordinal);
        Assert.Contains(reason, response.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n\r\nhalf")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n5\r\nab")]
    public async Task A_target_that_dies_within_its_response_leaves_a_broken_one(string answer)
    {
        var die = new TaskCompletionSource();
        await using var target = RawWebTarget.Start(async connection =>
        {
            await connection.ReadHead();
            await connection.Send($"HTTP/1.1 200 OK\r\n{answer}");
            await die.Task;
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        await client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(200, (await client.ReadHead()).Status);
        die.SetResult();

        await Assert.ThrowsAsync<IOException>(async () =>
        {
            // The last chunk, or a hundred octets, never come.
            while (answer.StartsWith('T') ? await client.ReadChunk() is not [] : (await client.ReadExactly(100)).Length < 100)
            {
            }
        });
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    public async Task A_client_that_vanishes_ends_its_request_at_the_target(string request)
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            await connection.ReadHead();
            while (await connection.ReadMore())
            {
            }
        });
        await using var balancer = await Web.Balancer([target.Url]);
        var client = await Http1Client.Connect(balancer.Tls);
        await client.Send(request);
        var connection = await Connected(target);
        await Eventually.Until(() => connection.Received.EndsWith(request.Contains("half", StringComparison.Ordinal) ? request[^4..] : "\r\n\r\n", StringComparison.Ordinal), "the request is there");

        client.Vanish();

        await Eventually.Until(() => connection.HasEnded, "the target is told");
    }

    [Fact]
    public async Task A_client_that_vanishes_within_the_response_ends_it_at_the_target()
    {
        var aborted = new TaskCompletionSource();
        await using var target = await Web.Target(async context =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            await context.Response.WriteAsync("begin");
            await context.Response.Body.FlushAsync();
            await aborted.Task;
        });
        await using var balancer = await Web.Balancer([target.Url]);
        var client = await Http1Client.Connect(balancer.Tls);
        await client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.ReadHead();

        client.Vanish();

        await aborted.Task.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task A_body_that_breaks_the_rules_is_the_clients_fault_and_never_whole_at_the_target()
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            await connection.ReadHead();
            while (await connection.ReadMore())
            {
            }
        });
        await using var balancer = await Web.Balancer([target.Url]);
        await using var client = await Http1Client.Connect(balancer.Tls);

        await client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nXYZ\r\n");
        var response = await client.Read();

        Assert.Equal((400, "close"), (response.Status, response.Field("Connection")));
        Assert.True(await client.HasEnded());
        var connection = await Connected(target);
        await Eventually.Until(() => connection.HasEnded, "the target's request is cut");
        Assert.DoesNotContain("\r\n0\r\n", connection.Received, StringComparison.Ordinal);
        Assert.DoesNotContain("XYZ", connection.Received, StringComparison.Ordinal);
    }

    private static async Task<RawWebTarget.Connection> Connected(RawWebTarget target)
    {
        await Eventually.Until(() => target.Connections.Count == 1, "the target is connected to");
        return target.Connections.Single();
    }
}
