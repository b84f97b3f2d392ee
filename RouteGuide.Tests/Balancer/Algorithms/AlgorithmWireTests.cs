using System.Buffers.Binary;
using RouteGuide.Tests.Balancer.Outliers;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Algorithms;

/// <summary>Algorithms that go by what calls bring along, on the way that calls take.</summary>
public sealed class AlgorithmWireTests
{
    private const string Algorithm = "Balancer:TargetGroups:default:Attributes:load_balancing.algorithm";

    [Theory]
    [InlineData("maglev")]
    [InlineData("ring")]
    public async Task Calls_with_the_same_metadata_go_to_the_same_target_at_each_balancer(string table)
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var c = await KestrelTarget.Start(KestrelTarget.Answer);
        string[] settings = [$"{Algorithm}.type=consistent_hash", $"{Algorithm}.hash.on=header", $"{Algorithm}.hash.header=X-User", $"{Algorithm}.hash.table={table}"];
        await using var one = await BalancerUnderTest.StartWith([a.Url, b.Url, c.Url], settings);
        await using var other = await BalancerUnderTest.StartWith([c.Url, a.Url, b.Url], settings);
        using var client = BalancerUnderTest.Client();
        KestrelTarget[] targets = [a, b, c];
        var used = new HashSet<int>();

        for (var user = 0; user < 20; user++)
        {
            var before = targets.Select(t => t.Calls).ToArray();
            // Again and again, so that the balancer has worked the request out.
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal("0", await OutlierWireTests.Call(one, client, ("x-user", $"user-{user}")));
                Assert.Equal("0", await OutlierWireTests.Call(other, client, ("x-user", $"user-{user}")));
            }

            var calls = targets.Select((t, i) => t.Calls - before[i]).ToArray();
            Assert.Equal([0, 0, 10], calls.Order());
            used.Add(Array.IndexOf(calls, 10));
        }

        Assert.Equal(3, used.Count);
    }

    [Fact]
    public async Task Calls_of_a_client_go_to_the_same_target_and_to_another_when_it_is_gone()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([a.Url, b.Url], $"{Algorithm}.type=consistent_hash");
        using var client = BalancerUnderTest.Client();
        for (var i = 0; i < 10; i++) await OutlierWireTests.Call(balancer, client);
        var (owner, spare) = a.Calls == 10 ? (a, b) : (b, a);
        Assert.Equal((10, 0), (owner.Calls, spare.Calls));

        await owner.DisposeAsync();
        for (var i = 0; i < 10; i++) Assert.Equal("0", await OutlierWireTests.Call(balancer, client));

        Assert.Equal(10, spare.Calls);
    }

    [Fact]
    public async Task Load_reports_in_trailers_move_calls()
    {
        await using var idle = await Reporting(0.1);
        await using var busy = await Reporting(0.9);
        await using var balancer = await BalancerUnderTest.StartWith(
            [idle.Url, busy.Url], $"{Algorithm}.type=orca_weighted_round_robin", $"{Algorithm}.orca.blackout_period_seconds=0", $"{Algorithm}.orca.weight_update_period_seconds=0.1");
        using var client = BalancerUnderTest.Client();
        var entries = balancer.Targets.Current.Entries;
        await Eventually.Until(
            async () =>
            {
                await OutlierWireTests.Call(balancer, client);
                return entries.All(e => e.Target.Load.Reported.At(long.MaxValue / 2, 0, long.MaxValue) > 0);
            },
            "both have reported");

        // Nine to one.
        await Eventually.Until(
            async () =>
            {
                var before = (idle.Calls, busy.Calls);
                for (var i = 0; i < 100; i++) await OutlierWireTests.Call(balancer, client);
                return (idle.Calls - before.Item1, busy.Calls - before.Item2) is ( >= 85, <= 15);
            },
            "calls go by the reports");
    }

    [Theory]
    [InlineData("peak_ewma")]
    [InlineData("power_of_two_choices")]
    [InlineData("least_outstanding_requests")]
    public async Task A_target_that_answers_late_gets_few_calls(string algorithm)
    {
        var held = new List<TaskCompletionSource>();
        await using var slow = await KestrelTarget.Start(async context =>
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (held) held.Add(done);
            await done.Task;
            await KestrelTarget.Answer(context);
        });
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([slow.Url, a.Url, b.Url], $"{Algorithm}.type={algorithm}");
        using var client = BalancerUnderTest.Client();

        // One after another, but for those that the slow one keeps.
        var kept = new List<Task>();
        for (var i = 0; i < 200; i++)
        {
            var call = OutlierWireTests.Call(balancer, client);
            await Eventually.Until(() => call.IsCompleted || HeldAre(kept.Count + 1), "the call is answered or kept");
            if (HeldAre(kept.Count + 1)) kept.Add(call);
            else await call;
        }

        // It has one call, and whoever compares sees it.
        Assert.InRange(slow.Calls, 0, algorithm == "power_of_two_choices" ? 1 : 2);
        Assert.Equal(200, slow.Calls + a.Calls + b.Calls);
        lock (held) held.ForEach(h => h.SetResult());
        await Task.WhenAll(kept);

        bool HeldAre(int count)
        {
            lock (held) return held.Count == count;
        }
    }

    // A replica that says how busy it is: rps_fractional 100, application_utilization as given.
    private static Task<KestrelTarget> Reporting(double utilization)
    {
        var report = new byte[18];
        report[0] = 6 << 3 | 1;
        BinaryPrimitives.WriteDoubleLittleEndian(report.AsSpan(1), 100);
        report[9] = 9 << 3 | 1;
        BinaryPrimitives.WriteDoubleLittleEndian(report.AsSpan(10), utilization);
        return KestrelTarget.Start(async context =>
        {
            await KestrelTarget.Answer(context);
            Microsoft.AspNetCore.Http.ResponseTrailerExtensions.AppendTrailer(context.Response, "endpoint-load-metrics-bin", Convert.ToBase64String(report).TrimEnd('='));
        });
    }
}
