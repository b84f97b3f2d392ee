using Microsoft.Extensions.Logging;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Health.Outliers;
using RouteGuide.Balancer.Routing;
using RouteGuide.Tests.Balancer.Algorithms;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Outliers;

/// <summary>The targets of a group under watch, in virtual time.</summary>
internal sealed class Herd : IDisposable, ILogger<OutlierDetector>
{
    private readonly RoundRobin _picker = new();

    public Herd(int count, OutlierSettings? settings = null, int seed = 1)
    {
        for (var i = 0; i < count; i++) Assert.True(Table.TryAdd(Pool.New(i)));
        Targets = [.. Table.Current.Entries.Select(e => e.Target)];
        Detector = new OutlierDetector(Table, settings ?? new OutlierSettings { JitterPercent = 0 }, Time, new Random(seed), this);
    }

    public ManualTime Time { get; } = new();

    public TargetTable Table { get; } = new();

    public Target[] Targets { get; }

    public OutlierDetector Detector { get; }

    public List<string> Log { get; } = [];

    public Target this[int index] => Targets[index];

    public int[] Ejected => [.. Enumerable.Range(0, Targets.Length).Where(i => IsOut(i))];

    public bool IsOut(int index) => ReasonOf(index) is not null;

    public string? ReasonOf(int index) => Table.Current.Entries.FirstOrDefault(e => e.Target == Targets[index]).Ejected;

    /// <summary>Calls to one target that it answers with a gRPC status.</summary>
    public void Answer(int index, int status, int calls = 1)
    {
        for (var i = 0; i < calls; i++) End(index, new CallOutcome(OutcomeKind.Answered, IsGrpc: true, status, 10, 10));
    }

    public void End(int index, OutcomeKind kind) => End(index, new CallOutcome(kind, IsGrpc: true, 0, -1, 10));

    public void End(int index, CallOutcome outcome)
    {
        Assert.True(Targets[index].TryBegin());
        Detector.OnOutcome(Targets[index], outcome);
        Targets[index].End();
    }

    /// <summary>Calls that go where the group sends them.</summary>
    /// <param name="calls">How many.</param>
    /// <param name="fails">Whether a target fails the n-th call.</param>
    /// <returns>How many failed.</returns>
    public int Traffic(int calls, Func<int, int, bool> fails)
    {
        var failed = 0;
        for (var n = 0; n < calls; n++)
        {
            var index = Array.IndexOf(Targets, _picker.Pick(Table.Current, default, out _));
            var bad = fails(index, n);
            Answer(index, bad ? 14 : 0);
            if (bad) failed++;
        }

        return failed;
    }

    public void Pass(double seconds) => Time.Advance(TimeSpan.FromSeconds(seconds));

    public void Dispose() => Detector.Dispose();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (Log) Log.Add(formatter(state, exception));
    }
}
