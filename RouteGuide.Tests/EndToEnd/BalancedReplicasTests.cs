using Grpc.Core;
using Routeguide;
using RouteGuide.Registry.V1;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.EndToEnd;

/// <summary>Three replicas behind the balancer, each a process: where calls go, and what the end of a replica costs.</summary>
public sealed class BalancedReplicasTests
{
    private const string ReplicaHeader = "x-routeguide-replica";

    [Fact]
    public async Task A_thousand_concurrent_calls_over_one_connection_land_evenly()
    {
        await using var system = await ProcessSystem.Start();
        using var channel = system.OneConnection();
        var client = new Routeguide.RouteGuide.RouteGuideClient(channel);

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => Replica(client)));

        var shares = answers.CountBy(replica => replica).ToDictionary();
        Assert.Equal(system.Replicas.Keys.Order(), shares.Keys.Order());
        Assert.InRange(shares.Values.Max() - shares.Values.Min(), 0, 1);
    }

    [Fact]
    public async Task A_killed_replica_costs_only_the_calls_that_had_reached_it()
    {
        await using var system = await ProcessSystem.Start();
        using var channel = system.OneConnection();
        var client = new Routeguide.RouteGuide.RouteGuideClient(channel);
        var chats = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => OpenChat(client)));
        var victim = chats[0].Replica;
        Assert.Equal(3, chats.DistinctBy(chat => chat.Replica).Count());

        system.Replicas[victim].Signal("KILL");
        await system.Replicas[victim].WaitForExit();

        // From here on no call can reach it, and nobody waits for anybody to notice: every call that starts now must succeed.
        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => Replica(client)));
        Assert.DoesNotContain(victim, answers);

        foreach (var (call, replica) in chats)
        {
            using (call)
            {
                if (replica == victim)
                {
                    var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());
                    Assert.Equal(StatusCode.Unavailable, error.StatusCode);
                }
                else
                {
                    await call.RequestStream.WriteAsync(new RouteNote { Message = "still there?", Location = new Point() });
                    Assert.True(await call.ResponseStream.MoveNext());
                    await call.RequestStream.CompleteAsync();
                }
            }
        }
    }

    [Fact]
    public async Task A_replica_that_is_stopped_costs_no_call()
    {
        await using var system = await ProcessSystem.Start();
        using var channel = system.OneConnection();
        var client = new Routeguide.RouteGuide.RouteGuideClient(channel);
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            var calls = 0;
            for (; !stop.IsCancellationRequested; calls++) await Replica(client);
            return calls;
        }));

        system.Replicas["server-r1"].Signal("TERM");
        Assert.Equal(0, await system.Replicas["server-r1"].WaitForExit());
        await system.Registered(2);
        system.StartReplica("r3");
        await system.Registered(3);
        await stop.CancelAsync();

        Assert.All(await load, calls => Assert.NotEqual(0, calls));
    }

    [Fact]
    public async Task A_replica_that_is_told_to_drain_gets_no_further_call_and_its_process_stays()
    {
        await using var system = await ProcessSystem.Start();
        using var channel = system.OneConnection();
        var client = new Routeguide.RouteGuide.RouteGuideClient(channel);
        var chats = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => OpenChat(client)));

        await system.Registry.DrainAsync(new DrainRequest { Replica = "server-r0", Reason = "a test asks" }, ProcessSystem.Credentials);

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Replica(client)));
        Assert.DoesNotContain("server-r0", answers);
        var (running, _) = chats.Single(chat => chat.Replica == "server-r0");
        await running.RequestStream.WriteAsync(new RouteNote { Message = "last words", Location = new Point() });
        Assert.True(await running.ResponseStream.MoveNext());
        await running.RequestStream.CompleteAsync();
        await system.Registered(2);
        Assert.False(system.Replicas["server-r0"].HasExited);
        foreach (var (call, _) in chats) call.Dispose();
    }

    [Fact]
    public async Task A_balancer_without_a_replica_says_unavailable()
    {
        await using var system = await ProcessSystem.Start(replicas: 0);
        using var channel = system.OneConnection();
        var error = await Assert.ThrowsAsync<RpcException>(() => Replica(new Routeguide.RouteGuide.RouteGuideClient(channel)));
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.NotEqual("", error.Status.Detail);
    }

    private static async Task<string> Replica(Routeguide.RouteGuide.RouteGuideClient client)
    {
        using var call = client.GetFeatureAsync(new Point());
        await call;
        return (await call.ResponseHeadersAsync).GetValue(ReplicaHeader)!;
    }

    /// <summary>A chat that has been answered once, so that it is known to run, and where.</summary>
    private static async Task<(AsyncDuplexStreamingCall<RouteNote, RouteNote> Call, string Replica)> OpenChat(Routeguide.RouteGuide.RouteGuideClient client)
    {
        var call = client.RouteChat();
        await call.RequestStream.WriteAsync(new RouteNote { Message = "hello", Location = new Point() });
        await call.RequestStream.WriteAsync(new RouteNote { Message = "answer me", Location = new Point() });
        Assert.True(await call.ResponseStream.MoveNext());
        return (call, (await call.ResponseHeadersAsync).GetValue(ReplicaHeader)!);
    }
}
