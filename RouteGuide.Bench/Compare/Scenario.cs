using RouteGuide.Bench.Backend;

namespace RouteGuide.Bench.Compare;

/// <summary>What of a scenario is compared.</summary>
internal enum Measure
{
    /// <summary>CPU µs of the proxy per call.</summary>
    CpuPerCall,

    /// <summary>CPU ms of the proxy per megabyte (10^6 octets) of response bodies.</summary>
    CpuPerMegabyte,

    /// <summary>The median time of a call. What the proxy adds is that of the same call without one subtracted.</summary>
    Latency,

    /// <summary>Octets of resident memory per idle connection.</summary>
    MemoryPerConnection,
}

/// <summary>A load, and what the balancer is to reach under it.</summary>
/// <param name="Name">As on the command line and in the results.</param>
/// <param name="Title">As in the tables.</param>
/// <param name="Measure">What is compared.</param>
/// <param name="Connections">Connections of the load generator.</param>
/// <param name="Streams">Calls in flight on each.</param>
/// <param name="Shape">What each call asks for.</param>
/// <param name="Goal">The most that ours may be of the best peer.</param>
internal sealed record Scenario(string Name, string Title, Measure Measure, int Connections, int Streams, CallShape Shape, double Goal)
{
    /// <summary>Calls a second that each connection offers; null for as many as it can.</summary>
    public int? RatePerConnection { get; init; }

    /// <summary>The body of each request, where it is not what <see cref="Shape"/> says.</summary>
    public byte[]? Request { get; init; }

    /// <summary>The scenarios of the comparison, in the order of its table.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("unary-4x50", "4 connections × 50 streams, unary", Measure.CpuPerCall, 4, 50, CallShape.Unary, 0.4),
        new("unary-50x20", "50 connections × 20 streams, unary", Measure.CpuPerCall, 50, 20, CallShape.Unary, 0.5),
        new("unary-1x100", "1 connection × 100 streams, unary", Measure.CpuPerCall, 1, 100, CallShape.Unary, 0.4),
        new("unary-64x1", "64 connections × 1 stream, unary", Measure.CpuPerCall, 64, 1, CallShape.Unary, 0.9),
        // The generator offers what is due every 10 ms, 3 calls at once; more streams than that are only used when a proxy falls behind.
        new("unary-50-conns-15k", "50 connections at a fixed 15,000 calls/s", Measure.CpuPerCall, 50, 10, CallShape.Unary, 0.9) { RatePerConnection = 300 },
        new("stream-1000x1k", "server streaming, 1,000 messages of 1 KiB", Measure.CpuPerMegabyte, 4, 4, CallShape.Stream, 0.85),
        new("body-1m", "1 MiB responses", Measure.CpuPerMegabyte, 4, 4, CallShape.Body, 0.9),
        new("latency-1x1", "added latency, 1 connection × 1 stream, p50", Measure.Latency, 1, 1, CallShape.Unary, 1.0),
        new("idle-10000", "10,000 idle TLS connections, memory of each", Measure.MemoryPerConnection, 10_000, 1, CallShape.Unary, 1.0),
    ];

    /// <summary>Calls a second that are offered in all; null for as many as can be.</summary>
    public int? OfferedRate => RatePerConnection * Connections;

    /// <summary>Whether it is about connections on which nothing happens.</summary>
    public bool IsIdle => Measure is Measure.MemoryPerConnection;

    /// <summary>Whether every call's time is taken in the measured run: where few calls are made, it costs the load generator nothing.</summary>
    public bool TimesEveryCall => RatePerConnection is not null || Measure is Measure.Latency;
}
