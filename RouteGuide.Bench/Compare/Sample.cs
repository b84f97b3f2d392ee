namespace RouteGuide.Bench.Compare;

/// <summary>What one run of one scenario through one proxy gave. Only whole runs become samples: every call sent has succeeded.</summary>
/// <param name="CpuSeconds">User and system time of the proxy's processes; null where there is no proxy.</param>
/// <param name="Calls">Calls made.</param>
/// <param name="CallsPerSecond">Calls a second; null where no load was put through.</param>
/// <param name="P50Ms">Median time of a call in milliseconds.</param>
/// <param name="P99Ms">99th percentile in milliseconds.</param>
/// <param name="RssMiB">Resident memory of the proxy's processes after the run, in MiB.</param>
internal sealed record Sample(double? CpuSeconds, long Calls, double? CallsPerSecond, double? P50Ms, double? P99Ms, double? RssMiB)
{
    /// <summary>Octets of memory per connection, where idle connections were measured.</summary>
    public double? BytesPerConnection { get; init; }

    /// <summary>Connections opened a second, handshake and first call included, where idle connections were measured.</summary>
    public double? ConnectionsPerSecond { get; init; }
}
