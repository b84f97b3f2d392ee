using System.Net;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Routing;
using RouteGuide.Tests.Balancer.Http1;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Calls;

/// <summary>What of it holds for requests to targets of HTTP/1.1.</summary>
public sealed class Http1Tests
{
    private const string Ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    private const string Get = "GET /a HTTP/1.1\r\nhost: b\r\n\r\n";

    [Fact]
    public async Task Requests_beyond_the_rate_get_429_and_when_to_come_back()
    {
        await using var target = RawWebTarget.Start(Ok);
        await using var engine = await Start(new CallSettings { RateLimit = new RateLimitSettings { RequestsPerSecond = 0.5 } }, null, target);
        await using var client = await Http1Client.Connect(engine.Url);

        var answers = new[] { await Ask(client), await Ask(client) };

        Assert.Equal([200, 429], answers.Select(a => a.Status));
        Assert.Equal("2", answers[1].Field("retry-after"));
    }

    [Fact]
    public async Task Responses_name_their_target_where_the_listener_wants_it()
    {
        await using var target = RawWebTarget.Start(Ok);
        await using var engine = await Start(new CallSettings(), null, target);
        engine.NamesTargets = true;
        await using var client = await Http1Client.Connect(engine.Url);

        var answer = await Ask(client);

        Assert.Equal((target.Url.Authority, "1"), (answer.Field("x-routeguide-target"), answer.Field("x-routeguide-attempt")));
    }

    [Fact]
    public async Task A_request_that_is_too_many_waits_or_gets_503()
    {
        var first = new TaskCompletionSource();
        await using var target = RawWebTarget.Start(async connection =>
        {
            while (await connection.ReadHead() is not null)
            {
                await first.Task;
                await connection.Send(Ok);
            }
        });
        await using var engine = await Start(new CallSettings(), new ConcurrencySettings { MaxPerTarget = 1, QueueSize = 1 }, target);
        var clients = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Http1Client.Connect(engine.Url)));
        await clients[0].Send(Get);
        await Eventually.Until(() => engine.Targets[0].InFlight == 1, "the first runs");
        await clients[1].Send(Get);
        await Eventually.Until(() => engine.Group.Queue.Count == 1, "the second waits");

        Assert.Equal(503, (await Ask(clients[2])).Status);
        first.SetResult();

        Assert.Equal([200, 200], (await Task.WhenAll(clients[0].Read(), clients[1].Read())).Select(a => a.Status));
        await engine.IsQuiet(calls: 3);
        foreach (var client in clients) await client.DisposeAsync();
    }

    [Fact]
    public async Task Who_leaves_while_he_waits_gives_up_his_place()
    {
        await using var target = RawWebTarget.Start(async connection => await connection.ReadHead());
        var hold = new TaskCompletionSource();
        await using var holding = RawWebTarget.Start(async connection =>
        {
            await connection.ReadHead();
            await hold.Task;
        });
        await using var engine = await Start(new CallSettings(), new ConcurrencySettings { MaxPerTarget = 1, QueueSize = 5 }, holding);
        await using var client = await Http1Client.Connect(engine.Url);
        await client.Send(Get);
        await Eventually.Until(() => engine.Targets[0].InFlight == 1, "the first runs");
        var leaving = await Http1Client.Connect(engine.Url);
        await leaving.Send(Get);
        await Eventually.Until(() => engine.Group.Queue.Count == 1, "the second waits");

        await leaving.DisposeAsync();

        await Eventually.Until(() => engine.Group.Queue.Count == 0, "it has left");
        hold.SetResult();
        await engine.IsQuiet(calls: 2);
    }

    [Fact]
    public async Task A_rules_deadline_is_the_time_for_the_whole_request()
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            while (await connection.ReadHead() is not null)
            {
            }
        });
        await using var engine = await Start(new CallSettings { Deadline = new DeadlineSettings { Default = TimeSpan.FromSeconds(3) } }, null, target);
        await using var client = await Http1Client.Connect(engine.Url);
        await client.Send(Get);
        await Eventually.Until(() => target.Received.Contains("GET /a", StringComparison.Ordinal), "the request");

        engine.Time.Advance(TimeSpan.FromSeconds(3.1));

        Assert.Equal(504, (await client.Read()).Status);
        await engine.IsQuiet(calls: 1);
        Assert.Equal(OutcomeKind.TimedOut, Assert.Single(engine.Outcomes).Outcome.Kind);
        Assert.Equal(ExchangeEnd.Deadline, Assert.Single(engine.Reports).End);
    }

    [Fact]
    public async Task A_silent_request_is_ended()
    {
        await using var target = RawWebTarget.Start(async connection =>
        {
            await connection.ReadHead();
            await connection.Send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
            await connection.ReadHead();
        });
        await using var engine = await Start(new CallSettings { Idle = new IdleSettings { Timeout = TimeSpan.FromSeconds(8) } }, null, target);
        await using var client = await Http1Client.Connect(engine.Url);
        await client.Send(Get);
        await Eventually.Until(() => target.Received.Contains("GET /a", StringComparison.Ordinal), "the request");

        await Eventually.Until(
            () =>
            {
                engine.Time.Advance(TimeSpan.FromSeconds(1));
                return engine.Reports.Count == 1;
            },
            "the end");

        Assert.Equal(ExchangeEnd.Idle, Assert.Single(engine.Reports).End);
        await engine.IsQuiet(calls: 1);
    }

    [Fact]
    public async Task Watches_are_told_what_becomes_of_requests()
    {
        var answer = "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n";
        await using var target = RawWebTarget.Start(async connection =>
        {
            while (await connection.ReadHead() is not null)
            {
                if (answer.Length == 0) return;
                await connection.Send(answer);
            }
        });
        await using var engine = await Start(new CallSettings(), null, target);
        await using var client = await Http1Client.Connect(engine.Url);

        Assert.Equal((int)HttpStatusCode.InternalServerError, (await Ask(client)).Status);
        answer = "";
        Assert.Equal((int)HttpStatusCode.BadGateway, (await Ask(client)).Status);

        await engine.IsQuiet(calls: 2);
        Assert.Equal([(OutcomeKind.Answered, 500), (OutcomeKind.ConnectionLost, 0)], engine.Outcomes.Select(o => (o.Outcome.Kind, o.Outcome.Status)));
    }

    private static Task<CallEngine> Start(CallSettings calls, ConcurrencySettings? concurrency, RawWebTarget target) =>
        CallEngine.StartWith(calls, concurrency, [target.Url], ProtocolVersion.Http1);

    private static async Task<Http1Response> Ask(Http1Client client)
    {
        await client.Send(Get);
        return await client.Read();
    }
}
