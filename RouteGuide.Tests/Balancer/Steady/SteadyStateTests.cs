using System.Globalization;
using RouteGuide.Http2.Transport;
using RouteGuide.Tests.Balancer.Telemetry;

namespace RouteGuide.Tests.Balancer.Steady;

/// <summary>
/// What a call costs the garbage collector once everything is warm: nothing, on the way that calls really take, over sockets. Deadlines, trace
/// contexts, the access log and the metrics are as they are by default.
/// </summary>
[Collection(nameof(Alone))]
public sealed class SteadyStateTests
{
    private const int AtOnce = 50;
    private const int WarmUp = 10_000;

    // What has nothing to do with the number of calls: timers fire about once a second, pooled arrays are trimmed and made anew (a record of
    // TLS is 16 KiB), and the measuring itself allocates. One object a call would be nearly twice that, and more.
    private const int Incidental = 256 * 1024;
    private const int SmallestObject = 24;

    private static readonly byte[] Message = [0, 0, 0, 0, 100, .. new byte[100]];

    [Theory]
    [InlineData("auto", "http", 1, 100_000)]
    [InlineData("auto", "http", 10, 20_000)]
    [InlineData("auto", "https", 1, 100_000)]
    [InlineData("auto", "https", 10, 20_000)]
    [InlineData("portable", "http", 1, 20_000)]
    [InlineData("portable", "http", 10, 20_000)]
    [InlineData("portable", "https", 1, 20_000)]
    [InlineData("portable", "https", 10, 20_000)]
    public Task A_call_allocates_nothing_on_its_loop(string transport, string scheme, int messages, int calls) => Measure(transport, scheme, messages, calls, 3, []);

    [Fact]
    public async Task Nor_does_it_while_it_is_logged_and_the_status_page_is_looked_at()
    {
        using var log = new LogLines();
        await Measure("auto", "https", messages: 1, calls: 50_000, rounds: 1, [.. log.Settings, "ADMIN_PORT=0"]);
        // Where its thread gets no time lines are lost, but not one without being counted.
        var lines = log.All.ToLookup(l => l.StartsWith("lost ", StringComparison.Ordinal));
        Assert.NotEmpty(lines[false]);
        Assert.Equal(WarmUp + 50_000, lines[false].Count() + lines[true].Sum(l => int.Parse(l.Split(' ')[2], CultureInfo.InvariantCulture)));
    }

    private static async Task Measure(string transport, string scheme, int messages, int calls, int rounds, string[] settings)
    {
        using var target = new SteadyTarget(messages, Message);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], ["Balancer:Loops=1", $"Balancer:Transport={transport}", "Balancer:Limits:SettingsTimeout=60", .. settings]);
        using var caller = SteadyCaller.Connect(scheme == "http" ? balancer.Plaintext : balancer.Tls, messages, Message);
        var loop = Assert.Single(balancer.Loops);
        caller.Run(WarmUp, AtOnce);
        await Allocated(loop);

        if (settings.Length > 0) await MetricsTests.Page(balancer);
        // Whatever else a busy process does now and then is not in every round; what a call costs is.
        for (var round = 1; ; round++)
        {
            var (before, totalBefore) = (await Allocated(loop), GC.GetTotalAllocatedBytes(precise: true));
            caller.Run(calls, AtOnce);
            var (onLoop, inProcess) = (await Allocated(loop) - before, GC.GetTotalAllocatedBytes(precise: true) - totalBefore);

            TestContext.Current.TestOutputHelper?.WriteLine($"{onLoop} octets on the loop, {inProcess} in the process, for {calls} calls");
            Assert.Equal((WarmUp + round * calls) * (long)messages * Message.Length, caller.Received);
            // The client's own end of TLS is in this process too; without it, nobody here allocates.
            var most = scheme == "http" ? calls * SmallestObject / 2 : long.MaxValue;
            if (round < rounds && (onLoop > Incidental || inProcess > most)) continue;
            Assert.InRange(onLoop, 0, Incidental);
            Assert.InRange(inProcess, 0, most);
            return;
        }
    }

    private static Task<long> Allocated(EventLoop loop)
    {
        var answer = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(() => answer.SetResult(GC.GetAllocatedBytesForCurrentThread()));
        return answer.Task;
    }

    /// <summary>Tests that look at the whole process run when no others do.</summary>
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;
}
