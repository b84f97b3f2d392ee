using Microsoft.AspNetCore.Http;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Routing;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer;

/// <summary>Each call is balanced on its own.</summary>
public sealed class BalancingTests
{
    [Fact]
    public async Task A_thousand_concurrent_calls_over_one_connection_land_on_three_targets_within_one_of_each_other()
    {
        var arrived = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // Nobody answers before all thousand are there: they are concurrent.
        async Task Handle(HttpContext context)
        {
            if (Interlocked.Increment(ref arrived) == 1000) all.SetResult();
            await all.Task;
            await KestrelTarget.Answer(context);
        }

        await using var a = await KestrelTarget.Start(Handle);
        await using var b = await KestrelTarget.Start(Handle);
        await using var c = await KestrelTarget.Start(Handle);
        await using var balancer = await BalancerUnderTest.Start(a.Url, b.Url, c.Url);
        var connections = 0;
        using var client = BalancerUnderTest.Client(onConnect: () => Interlocked.Increment(ref connections));
        await balancer.Learn(client);

        await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => Call(balancer, client)));

        int[] shares = [a.Calls, b.Calls, c.Calls];
        Assert.Equal(1000, shares.Sum());
        Assert.True(shares.Max() - shares.Min() <= 1, string.Join(", ", shares));
        Assert.Equal(1, connections);
    }

    [Fact]
    public void Round_robin_is_exact_from_many_threads()
    {
        var targets = Enumerable.Range(1, 7).Select(i => new Target($"t{i}", Address(i), leased: false)).ToArray();
        var snapshot = new TargetSnapshot([.. targets.Select(t => new TargetEntry(t, Draining: false, Suspect: false))]);
        var picker = new RoundRobin();
        var counts = new int[targets.Length];

        Parallel.For(0, 100_000, _ => Interlocked.Increment(ref counts[Array.IndexOf(targets, picker.Pick(snapshot, default, out PickNote _))]));

        Assert.Equal(100_000, counts.Sum());
        Assert.True(counts.Max() - counts.Min() <= 1, string.Join(", ", counts));
    }

    [Fact]
    public void No_call_enters_a_target_whose_gate_is_closed_and_the_last_one_out_ends_it()
    {
        var target = new Target("t", Address(1), leased: false);
        Assert.True(target.TryBegin());
        Assert.True(target.TryBegin());

        target.Close();
        target.Close();

        Assert.False(target.TryBegin());
        Assert.Equal((2, 2L), (target.InFlight, target.Total));
        target.End();
        Assert.False(target.Ended.IsCompleted);
        target.End();
        Assert.True(target.Ended.IsCompleted);
        Assert.Equal(0, target.InFlight);
    }

    [Fact]
    public void Draining_and_suspect_targets_are_not_routable_but_a_suspect_is_better_than_nobody()
    {
        var table = new TargetTable();
        var a = new Target("a", Address(1), leased: false);
        var b = new Target("b", Address(2), leased: false);
        Assert.True(table.TryAdd(a));
        Assert.True(table.TryAdd(b));
        Assert.False(table.TryAdd(new Target("a", Address(3), leased: false)));

        table.SetSuspect(a, true);
        Assert.Equal([b], table.Current.Routable.ToArray());
        table.Drain(b);
        Assert.Equal([a], table.Current.Routable.ToArray());
        table.SetSuspect(a, false);
        Assert.Equal([a], table.Current.Routable.ToArray());
        table.Remove(a);
        Assert.Empty(table.Current.Routable.ToArray());
        Assert.Equal(b, Assert.Single(table.Current.Entries).Target);
    }

    private static TargetAddress Address(int port) => TargetAddress.TryParse($"http://127.0.0.1:{port}", out var address, out var error) ? address : throw new ArgumentException(error);

    private static async Task Call(BalancerUnderTest balancer, HttpMessageInvoker client)
    {
        using var response = await client.SendAsync(balancer.Request(), CancellationToken.None).WaitAsync(Eventually.Patience);
        await response.Content.ReadAsByteArrayAsync();
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
    }
}
