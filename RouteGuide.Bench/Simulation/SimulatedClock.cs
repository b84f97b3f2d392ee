namespace RouteGuide.Bench.Simulation;

/// <summary>The time of a simulation: it is what the simulation says it is.</summary>
internal sealed class SimulatedClock : TimeProvider
{
    /// <summary>Ticks of 100 ns since the beginning.</summary>
    public long Now { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Now;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(Now);
}
