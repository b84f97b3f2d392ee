using System.Text.Json.Serialization;
using RouteGuide.Bench.Compare;
using RouteGuide.Bench.Measuring;
using RouteGuide.Bench.Proxies;

namespace RouteGuide.Bench.Report;

/// <summary>One row of the results. What a row has no value for is left out.</summary>
/// <param name="Scenario">Name of the scenario.</param>
/// <param name="Proxy">Name of the proxy.</param>
/// <param name="Version">Its version.</param>
/// <param name="CpuMicrosPerCall">CPU µs per call, user and system of all its processes.</param>
/// <param name="CpuMillisPerMegabyte">CPU ms per megabyte (10^6 octets) of response bodies.</param>
/// <param name="CallsPerSecond">Calls a second.</param>
/// <param name="P50Ms">Median time of a call in ms.</param>
/// <param name="P99Ms">99th percentile in ms.</param>
/// <param name="RssMiB">Resident memory after the run, in MiB.</param>
/// <param name="RatioToBestPeer">What is compared, divided by that of the best peer: CPU, for latency the median time, for idle connections the memory of each.</param>
/// <param name="AddedP50Ms">For latency: the median without that of a call without a proxy, in ms.</param>
/// <param name="BytesPerConnection">For idle connections: resident octets of each.</param>
/// <param name="ConnectionsPerSecond">For idle connections: how many a second were opened, handshake and first call included.</param>
internal sealed record ResultRow(
    string Scenario,
    string Proxy,
    string Version,
    double? CpuMicrosPerCall,
    double? CpuMillisPerMegabyte,
    double? CallsPerSecond,
    double? P50Ms,
    double? P99Ms,
    double? RssMiB,
    double? RatioToBestPeer,
    double? AddedP50Ms,
    double? BytesPerConnection,
    double? ConnectionsPerSecond)
{
    /// <summary>What is compared, before it is divided.</summary>
    public double? Value(Measure measure) => measure switch
    {
        Measure.CpuPerCall => CpuMicrosPerCall,
        Measure.CpuPerMegabyte => CpuMillisPerMegabyte,
        Measure.Latency => P50Ms,
        _ => BytesPerConnection,
    };
}

/// <summary>A scenario through a proxy that has no result, and why.</summary>
internal sealed record FailureRow(string Scenario, string Proxy, string Reason);

/// <summary>Where and how it was measured.</summary>
/// <param name="Date">The day, UTC.</param>
/// <param name="Machine">Processor, kernel, distribution.</param>
/// <param name="LoadGenerator">Name and version.</param>
/// <param name="ProxyCpus">Processors of the proxy.</param>
/// <param name="LoadCpus">Processors of the load generator and the backends.</param>
/// <param name="Rounds">Runs of each, of which the median counts.</param>
/// <param name="Seconds">Length of each.</param>
/// <param name="Configuration">How ours was built.</param>
internal sealed record Conditions(string Date, string Machine, string LoadGenerator, string ProxyCpus, string LoadCpus, int Rounds, double Seconds, string Configuration);

/// <summary>The outcome of a comparison, as it stands in the JSON file.</summary>
internal sealed record ComparisonReport(
    IReadOnlyList<ResultRow> Results,
    IReadOnlyList<FailureRow> Failures,
    Conditions Conditions,
    IReadOnlyList<ProxySetupText> Settings)
{
    /// <summary>Whether every scenario through every proxy gave a result.</summary>
    [JsonIgnore]
    public bool IsComplete => Failures.Count == 0;

    public static ComparisonReport Create(ComparisonOptions options, CpuPlan plan, string generator, IReadOnlyList<ProxySetupText> settings, IReadOnlyList<Cell> cells)
    {
        var versions = settings.ToDictionary(s => s.Proxy, s => s.Version);
        var peers = cells.Where(c => c.Proxy.IsPeer).Select(c => c.Proxy.Name).ToHashSet();
        var rows = cells.Where(c => c.Failure is null && c.Samples.Count > 0).Select(c => Row(c, versions[c.Proxy.Name])).ToList();
        return new ComparisonReport(
            Ratios.Fill(rows, Scenario.All, peers),
            [.. cells.Where(c => c.Failure is not null).Select(c => new FailureRow(c.Scenario.Name, c.Proxy.Name, c.Failure!))],
            new Conditions($"{DateTime.UtcNow:yyyy-MM-dd}", Machine.Describe(), $"h2load {generator}", CpuPlan.Format(plan.Proxy), CpuPlan.Format(plan.Load), options.Rounds, options.Seconds, OwnBalancer.Configuration),
            settings);
    }

    private static ResultRow Row(Cell cell, string version)
    {
        var scenario = cell.Scenario;
        var megabytes = scenario.Shape.ResponseSize / 1e6;
        return new ResultRow(
            scenario.Name,
            cell.Proxy.Name,
            version,
            scenario.Measure is Measure.CpuPerCall or Measure.Latency ? Median(s => s.CpuSeconds * 1e6 / s.Calls, 3) : null,
            scenario.Measure is Measure.CpuPerMegabyte ? Median(s => s.CpuSeconds * 1e3 / (s.Calls * megabytes), 4) : null,
            Median(s => s.CallsPerSecond, 0),
            Median(s => s.P50Ms, 3),
            Median(s => s.P99Ms, 3),
            Median(s => s.RssMiB, 1),
            null,
            null,
            Median(s => s.BytesPerConnection, 0),
            Median(s => s.ConnectionsPerSecond, 0));

        double? Median(Func<Sample, double?> of, int digits) => Ratios.Median([.. cell.Samples.Select(of).OfType<double>()]) is { } value ? Math.Round(value, digits) : null;
    }
}
