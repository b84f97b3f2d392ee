using RouteGuide.Dashboard.Streaming;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Telemetry.Traces;

/// <summary>The newest traces that fit, and those that come or grow.</summary>
/// <param name="store">The traces.</param>
/// <param name="time">The clock.</param>
internal sealed class TraceListTopic(TraceStore store, TimeProvider time) : ITopic
{
    private const int MaxRows = 200;

    public string Name => "traces";

    public Func<TopicWriter, CancellationToken, Task> Open(IQueryCollection query)
    {
        var wanted = TraceQuery.From(query);
        return (writer, cancellationToken) => Run(wanted, writer, cancellationToken);
    }

    private async Task Run(TraceQuery wanted, TopicWriter writer, CancellationToken cancellationToken)
    {
        var (version, clears) = (-1L, store.Clears);
        while (true)
        {
            if (store.Version != version)
            {
                // The version first: what comes in between is seen again with the next look.
                var (seen, cleared) = (store.Version, store.Clears != clears);
                clears = store.Clears;
                var matching = store.Where(wanted.Fits);
                TraceRow[] rows = [.. matching.Where(trace => trace.Version > version).TakeLast(MaxRows).Select(TraceRow.Of)];
                if (version < 0 || cleared || rows.Length > 0) await writer.Send(new TracesEvent(version < 0, rows, matching.Count, TraceEndpoints.Longest(matching), cleared), cancellationToken);
                version = seen;
            }

            await Task.Delay(TelemetryHub.Breath, time, cancellationToken);
        }
    }
}

/// <summary>Tells when spans have come to one trace.</summary>
/// <param name="store">The traces.</param>
/// <param name="time">The clock.</param>
internal sealed class TraceTopic(TraceStore store, TimeProvider time) : ITopic
{
    public string Name => "trace";

    public Func<TopicWriter, CancellationToken, Task> Open(IQueryCollection query)
    {
        var text = query["trace"].ToString();
        if (!Ids.TryTrace(text, out var id)) throw ProblemException.Bad($"trace: '{text}' is not 32 hexadecimal digits.");
        return (writer, cancellationToken) => Run(id, writer, cancellationToken);
    }

    private async Task Run(UInt128 id, TopicWriter writer, CancellationToken cancellationToken)
    {
        long? seen = -1;
        while (true)
        {
            var version = store.VersionOf(id);
            if (version != seen) await writer.Send(new TraceEvent(Ids.Text(id), version ?? 0, version is null), cancellationToken);
            seen = version;
            await Task.Delay(TelemetryHub.Breath, time, cancellationToken);
        }
    }
}
