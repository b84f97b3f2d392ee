using RouteGuide.Dashboard.Telemetry.Logs;
using RouteGuide.Dashboard.Telemetry.Metrics;
using RouteGuide.Dashboard.Telemetry.Traces;

namespace RouteGuide.Dashboard.Telemetry;

/// <summary>
/// All telemetry together. Those who send write into the stores and go; those who watch look at the stores from time to time and compare
/// what there is with what they saw. So no watcher can hold up a sender, and nothing is queued for watchers.
/// </summary>
/// <param name="resources">Who sends.</param>
/// <param name="logs">The log records.</param>
/// <param name="traces">The traces.</param>
/// <param name="metrics">The measurements.</param>
internal sealed class TelemetryHub(TelemetryResources resources, LogStore logs, TraceStore traces, MetricStore metrics)
{
    public const string TooManyResources = "There are too many resources already.";

    /// <summary>How long watchers wait between two looks.</summary>
    public static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(400);

    public TelemetryView View() => new(
        [.. resources.All.Select(resource => new TelemetryResourceView(resource.Instance, resource.Name, resource.InstanceId, resource.Color, resource.HasLogs, resource.HasTraces, resource.HasMetrics, resource.Attributes))],
        new TelemetryTotals(logs.Count, traces.Count, traces.SpanCount),
        [.. Limits()],
        resources.All.Where(resource => resource.UnseenErrors > 0).ToDictionary(resource => resource.Instance, resource => resource.UnseenErrors));

    /// <summary>Forgets telemetry of a resource, or of all.</summary>
    public void Clear(string? resource, bool ofLogs = false, bool ofTraces = false, bool ofMetrics = false)
    {
        if (ofLogs)
        {
            logs.Clear(resource);
            Seen(resource);
        }

        if (ofTraces) traces.Clear(resource);
        if (ofMetrics) metrics.Clear(resource);
        foreach (var known in resources.All.Where(known => known.Is(resource)))
        {
            if (ofLogs) known.HasLogs = false;
            if (ofTraces) known.HasTraces = false;
            if (ofMetrics) known.HasMetrics = false;
        }
    }

    /// <summary>Notes that somebody has looked at the errors.</summary>
    public void Seen(string? resource)
    {
        foreach (var known in resources.All.Where(known => known.Is(resource))) known.Seen();
    }

    private IEnumerable<LimitView> Limits()
    {
        if (logs.IsOver) yield return new LimitView("logs", "There are more structured logs than are kept: the oldest have made room.");
        if (traces.IsOver) yield return new LimitView("traces", "There are more traces than are kept: the oldest have made room.");
        if (metrics.IsOver) yield return new LimitView("metrics", "There are more measurements than are kept: the oldest have made room.");
        if (resources.HasRefused) yield return new LimitView("resources", "There are more resources than are kept: what further ones send is refused.");
    }
}

internal sealed record TelemetryView(TelemetryResourceView[] Resources, TelemetryTotals Totals, LimitView[] Limits, IReadOnlyDictionary<string, int> Errors)
{
    /// <summary>Whether a page would show the same.</summary>
    public bool IsLike(TelemetryView? other) =>
        other is not null && Totals == other.Totals && Limits.SequenceEqual(other.Limits) && Resources.SequenceEqual(other.Resources)
        && Errors.Count == other.Errors.Count && Errors.All(error => other.Errors.GetValueOrDefault(error.Key) == error.Value);
}

internal sealed record TelemetryResourceView(string Instance, string Name, string? InstanceId, int Color, bool HasLogs, bool HasTraces, bool HasMetrics, Attribute[] Attributes);

internal sealed record TelemetryTotals(int Logs, int Traces, long Spans);

internal sealed record LimitView(string Kind, string Message);
