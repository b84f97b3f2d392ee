using System.Collections.Concurrent;
using RouteGuide.Balancer.Health.Checks;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Tests.Balancer.Health;

/// <summary>Checks that find what a test says, at once, and remember when they were made.</summary>
internal sealed class FakeProbe(TimeProvider time) : IProbe
{
    private int _running;
    private int _most;

    /// <summary>What checks of a port find; those that are not here pass.</summary>
    public ConcurrentDictionary<int, CheckResult> Findings { get; } = [];

    /// <summary>Waited for by every check, for tests of what goes on at once.</summary>
    public Task Until { get; set; } = Task.CompletedTask;

    /// <summary>When each port was checked.</summary>
    public ConcurrentDictionary<int, List<TimeSpan>> Times { get; } = [];

    /// <summary>Checks that ran at once, at most.</summary>
    public int MostAtOnce => Volatile.Read(ref _most);

    public void Fail(int port) => Findings[port] = CheckResult.Mismatch(14);

    public void Pass(int port) => Findings.TryRemove(port, out _);

    public async Task<CheckResult> Check(TargetAddress target, HealthCheckPlan plan, CancellationToken cancellation)
    {
        var times = Times.GetOrAdd(target.Port, _ => []);
        lock (times) times.Add(TimeSpan.FromTicks(time.GetTimestamp()));
        var running = Interlocked.Increment(ref _running);
        for (var most = MostAtOnce; running > most; most = MostAtOnce) Interlocked.CompareExchange(ref _most, running, most);
        await Until.WaitAsync(cancellation).ConfigureAwait(false);
        Interlocked.Decrement(ref _running);
        return Findings.GetValueOrDefault(target.Port, CheckResult.Passed);
    }
}
