using Grpc.Core;
using Routeguide;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Proof;

/// <summary>What replicas may do while calls run, with the balancer and each replica a process: what it costs, and what it must not cost.</summary>
public sealed class ReplicaTests
{
    [Fact]
    public async Task A_rolling_restart_of_every_replica_costs_no_call()
    {
        await using var system = await ProcessSystem.Start();
        using var a = system.OneConnection();
        using var b = system.OneConnection();
        await using var load = new SteadyLoad([a, b]);
        await load.Reach(50, "server-r0", "server-r1", "server-r2");

        foreach (var instance in (string[])["r0", "r1", "r2"])
        {
            var replica = system.Replicas[$"server-{instance}"];
            replica.Signal("TERM");
            Assert.Equal(0, await replica.WaitForExit());
            await replica.DisposeAsync();
            system.StartReplica(instance);
            await system.Registered(3);
            await load.Reach(50, "server-r0", "server-r1", "server-r2");
        }

        await load.Stop();
        Assert.Empty(load.Failed);
    }

    [Fact]
    public async Task Replicas_that_are_killed_again_and_again_cost_only_calls_that_had_reached_them()
    {
        await using var system = await ProcessSystem.Start();
        using var a = system.OneConnection();
        using var b = system.OneConnection();
        await using var load = new SteadyLoad([a, b]);
        await load.Reach(50, "server-r0", "server-r1", "server-r2");

        // The same one three times: it flaps.
        for (var i = 0; i < 3; i++)
        {
            var before = load.Failed.Count;
            var replica = system.Replicas["server-r1"];
            replica.Signal("KILL");
            await replica.WaitForExit();
            var gone = SteadyLoad.Now;
            await load.Reach(50, "server-r0", "server-r2");

            // No call that has begun since its end may have failed, and of the others no more than there can have been at it.
            var failed = load.Failed.Skip(before).ToList();
            Assert.All(failed, call => Assert.True(call.Begun < gone, $"{call}"));
            Assert.InRange(failed.Count, 0, SteadyLoad.Callers);
            Assert.All(failed, call => Assert.Equal(StatusCode.Unavailable, call.Status.StatusCode));
            await replica.DisposeAsync();
            system.StartReplica("r1");
            await system.Registered(3);
            await load.Reach(50, "server-r0", "server-r1", "server-r2");
        }
    }

    [Fact]
    public async Task With_a_retry_policy_a_replica_that_is_killed_costs_no_call()
    {
        await using var system = await ProcessSystem.Start(3, "Balancer:DefaultAttributes:retry.max_attempts=3");
        using var a = system.OneConnection();
        using var b = system.OneConnection();
        await using var load = new SteadyLoad([a, b]);
        await load.Reach(50, "server-r0", "server-r1", "server-r2");
        foreach (var name in (string[])["server-r1", "server-r2"])
        {
            system.Replicas[name].Signal("KILL");
            await system.Replicas[name].WaitForExit();
            await load.Reach(50, "server-r0");
        }

        await load.Stop();
        Assert.Empty(load.Failed);
    }

    [Fact]
    public async Task A_replica_that_hangs_is_found_out_by_its_health_check_and_comes_back()
    {
        await using var system = await ProcessSystem.Start(
            3,
            "Balancer:TargetGroups:default:HealthCheckProtocol=GRPC_HEALTH", "Balancer:TargetGroups:default:HealthCheckIntervalSeconds=0.5", "Balancer:TargetGroups:default:HealthCheckTimeoutSeconds=0.4",
            "Balancer:TargetGroups:default:HealthyThresholdCount=2", "Balancer:TargetGroups:default:UnhealthyThresholdCount=2");
        using var a = system.OneConnection();
        await using var load = new SteadyLoad([a], deadline: TimeSpan.FromSeconds(3));
        await load.Reach(50, "server-r0", "server-r1", "server-r2");
        Assert.Empty(load.Failed);

        system.Replicas["server-r1"].Signal("STOP");
        await system.Registered(2);
        var found = SteadyLoad.Now;
        await load.Reach(100, "server-r0", "server-r2");
        Assert.All(load.Failed, call => Assert.True(call.Begun < found, $"{call}"));
        Assert.All(load.Failed, call => Assert.Equal(StatusCode.DeadlineExceeded, call.Status.StatusCode));
        Assert.DoesNotContain(load.Calls, call => call.Begun > found && call.Replica == "server-r1");

        system.Replicas["server-r1"].Signal("CONT");
        await system.Registered(3);
        await load.Reach(50, "server-r1");
    }

    [Fact]
    public async Task When_all_are_down_callers_hear_it_at_once_and_when_one_is_back_it_works()
    {
        await using var system = await ProcessSystem.Start(2);
        using var channel = system.OneConnection();
        var client = new Routeguide.RouteGuide.RouteGuideClient(channel);
        foreach (var replica in system.Replicas.Values)
        {
            replica.Signal("KILL");
            await replica.WaitForExit();
        }

        await system.Registered(0);
        for (var i = 0; i < 20; i++)
        {
            var e = await Assert.ThrowsAsync<RpcException>(async () => await client.GetFeatureAsync(new Point(), deadline: DateTime.UtcNow + Eventually.Patience));
            Assert.Equal(StatusCode.Unavailable, e.StatusCode);
            Assert.NotEmpty(e.Status.Detail);
        }

        system.StartReplica("r7");
        await system.Registered(1);
        using var call = client.GetFeatureAsync(new Point(), deadline: DateTime.UtcNow + Eventually.Patience);
        await call;
        Assert.Equal("server-r7", (await call.ResponseHeadersAsync).GetValue("x-routeguide-replica"));
    }
}
