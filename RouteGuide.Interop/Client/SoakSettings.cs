using RouteGuide.Interop.Cli;

namespace RouteGuide.Interop.Client;

/// <summary>How a soak case runs; the defaults are those of the public clients.</summary>
/// <param name="Iterations">Calls to make.</param>
/// <param name="MaxFailures">Iterations that may fail, or take too long, before the case has failed.</param>
/// <param name="AcceptableLatency">What one iteration may take.</param>
/// <param name="OverallTimeout">After which no further iteration begins; the case has failed then unless all were made.</param>
/// <param name="Pause">The least time from one iteration's beginning to the next one's.</param>
/// <param name="RequestSize">Bytes of the request's payload.</param>
/// <param name="ResponseSize">Bytes of the response's payload.</param>
internal sealed record SoakSettings(
    int Iterations, int MaxFailures, TimeSpan AcceptableLatency, TimeSpan OverallTimeout, TimeSpan Pause, int RequestSize, int ResponseSize)
{
    private const int LargestSize = 4 * 1024 * 1024;

    /// <exception cref="UsageException">A value is out of range.</exception>
    public static SoakSettings From(Flags flags)
    {
        var iterations = flags.Number("soak_iterations", 10, 1, int.MaxValue);
        var latency = TimeSpan.FromMilliseconds(flags.Number("soak_per_iteration_max_acceptable_latency_ms", 1000, 1, int.MaxValue));
        var fallback = (int)Math.Min(Math.Ceiling(iterations * latency.TotalSeconds), int.MaxValue);
        return new SoakSettings(
            iterations,
            flags.Number("soak_max_failures", 0, 0, int.MaxValue),
            latency,
            TimeSpan.FromSeconds(flags.Number("soak_overall_timeout_seconds", fallback, 1, int.MaxValue)),
            TimeSpan.FromMilliseconds(flags.Number("soak_min_time_ms_between_rpcs", 0, 0, int.MaxValue)),
            flags.Number("soak_request_size", UnaryCases.LargeRequest, 0, LargestSize),
            flags.Number("soak_response_size", UnaryCases.LargeResponse, 0, LargestSize));
    }
}
