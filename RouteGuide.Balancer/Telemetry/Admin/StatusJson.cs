using System.Buffers;
using System.Globalization;
using System.Text.Json;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Metering;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Metering;
using RouteGuide.Balancer.Telemetry.Events;

namespace RouteGuide.Balancer.Telemetry.Admin;

/// <summary>The state of the balancer as JSON; docs/observability.md says what the fields mean, and they keep their names.</summary>
/// <param name="book">What was counted.</param>
/// <param name="history">What has happened.</param>
/// <param name="info">How it is put together now.</param>
internal sealed class StatusJson(MeterBook book, EventHistory history, Func<StatusInfo> info)
{
    private static readonly JsonWriterOptions Options = new() { Indented = true };

    private readonly DateTimeOffset _started = book.Time.GetUtcNow();

    /// <param name="after">Only events with a greater id are wanted.</param>
    public ReadOnlyMemory<byte> Write(long after = 0)
    {
        var octets = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(octets, Options);
        var now = info();
        json.WriteStartObject();
        json.WriteString("time", book.Time.GetUtcNow());
        json.WriteString("started", _started);
        json.WriteStartObject("connections");
        json.WriteNumber("active", book.OpenConnections);
        json.WriteNumber("total", book.AcceptedConnections);
        json.WriteNumber("rejected", book.RejectedConnections);
        json.WriteEndObject();
        json.WriteStartObject("calls");
        foreach (var end in Enum.GetValues<ExchangeEnd>()) json.WriteNumber(end == ExchangeEnd.Completed ? "completed" : ResponseFlags.Of(end), book.Sum(l => l.ByEnd[(int)end]));
        json.WriteEndObject();
        json.WriteStartArray("listeners");
        foreach (var listener in now.Listeners)
        {
            json.WriteStartObject();
            json.WriteString("url", listener.Url);
            json.WriteString("kind", listener.Kind);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("rules");
        foreach (var rule in now.Rules)
        {
            json.WriteStartObject();
            json.WriteString("listener", rule.Listener);
            json.WriteString("priority", rule.Priority);
            json.WriteString("conditions", rule.Conditions);
            json.WriteString("actions", rule.Actions);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("groups");
        foreach (var group in now.Groups) Write(json, group, now.TakenOut(group.Group));
        json.WriteEndArray();
        json.WriteStartArray("algorithms");
        foreach (var algorithm in AlgorithmNames.All) json.WriteStringValue(algorithm);
        json.WriteEndArray();
        WriteEvents(json, after);
        json.WriteEndObject();
        json.Flush();
        return octets.WrittenMemory;
    }

    private void WriteEvents(Utf8JsonWriter json, long after)
    {
        var events = history.After(after);
        // Of the newest that the answer can have, so that none is missed by whoever asks for those after it.
        json.WriteNumber("last_event", events.Count > 0 ? events[^1].Id : Math.Min(after, history.LastId));
        json.WriteStartArray("events");
        foreach (var one in events)
        {
            json.WriteStartObject();
            json.WriteNumber("id", one.Id);
            json.WriteString("time", one.Time);
            json.WriteString("kind", one.Kind.ToString().ToLowerInvariant());
            json.WriteString("group", one.Group);
            json.WriteString("target", one.Target);
            json.WriteString("from", one.From);
            json.WriteString("to", one.To);
            json.WriteString("reason", one.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void Write(Utf8JsonWriter json, ProxyGroup group, IEnumerable<TakenOutInfo> takenOut)
    {
        var snapshot = group.Group.Targets.Current;
        json.WriteStartObject();
        json.WriteString("name", group.Group.Name);
        json.WriteString("protocol_version", group.Group.Version.Name());
        json.WriteString("algorithm", AlgorithmOf(group));
        json.WriteNumber("registered", snapshot.Registered);
        json.WriteNumber("available", snapshot.Available);
        json.WriteBoolean("fail_open", snapshot.IsOpen);
        json.WriteNumber("retries", group.Group.Counts.Sum(c => c.Retries));
        var latencies = new long[LatencyBuckets.Count];
        var rate = 0.0;
        json.WriteStartArray("targets");
        foreach (var entry in snapshot.Entries) rate += Write(json, snapshot, entry, latencies);
        json.WriteEndArray();
        json.WriteStartArray("deregistered");
        foreach (var target in takenOut)
        {
            json.WriteStartObject();
            json.WriteString("name", target.Name);
            json.WriteString("address", target.Address.ToString());
            json.WriteBoolean("leased", target.Leased);
            json.WriteNumber("weight", target.Weight);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteLoad(json, rate, latencies);
        WritePick(json, group);
        json.WriteEndObject();
    }

    // Returns its calls per second.
    private double Write(Utf8JsonWriter json, TargetSnapshot snapshot, in TargetEntry entry, long[] ofGroup)
    {
        var health = TargetHealthDescription.Of(entry);
        var target = entry.Target;
        json.WriteStartObject();
        json.WriteString("name", target.Name);
        json.WriteString("address", target.Address.ToString());
        json.WriteBoolean("leased", target.Leased);
        json.WriteString("state", health.State.Name());
        json.WriteString("reason", health.Reason);
        json.WriteString("description", health.Description);
        json.WriteNumber("weight", target.Weight);
        json.WriteNumber("weight_factor", health.Share);
        json.WriteNumber("expected_share", ShareOf(snapshot, target));
        json.WriteNumber("in_flight", target.InFlight);
        json.WriteNumber("picks", target.Total);
        json.WriteNumber("failures", target.Counts.Sum(c => c.Failures));
        var latencies = new long[LatencyBuckets.Count];
        var rate = 0.0;
        foreach (var counts in target.Counts.All)
        {
            var before = latencies.Sum();
            var seconds = counts.Latency.AddTo(latencies, book.Time.GetTimestamp(), book.Time.TimestampFrequency);
            if (seconds > 0) rate += (latencies.Sum() - before) / seconds;
        }

        for (var i = 0; i < latencies.Length; i++) ofGroup[i] += latencies[i];
        WriteLoad(json, rate, latencies);
        json.WriteEndObject();
        return rate;
    }

    private static void WriteLoad(Utf8JsonWriter json, double rate, long[] latencies)
    {
        json.WriteNumber("calls_per_second", Math.Round(rate, 1));
        Number(json, "p50_ms", LatencyBuckets.Quantile(latencies, 0.5) / 1000);
        Number(json, "p99_ms", LatencyBuckets.Quantile(latencies, 0.99) / 1000);
    }

    private static void WritePick(Utf8JsonWriter json, ProxyGroup group)
    {
        // The next call's pick is explained for whoever looks next: nobody pays for it while nobody looks.
        if (group.ExplainNext() is not { } pick)
        {
            json.WriteNull("last_pick");
            return;
        }

        json.WriteStartObject("last_pick");
        json.WriteString("target", pick.Target.Name);
        json.WriteString("algorithm", AlgorithmOf(group));
        Number(json, "score", pick.Note.Score);
        json.WriteString("rival", pick.Note.Rival?.Name);
        Number(json, "rival_score", pick.Note.RivalScore);
        json.WriteString("why", Why(pick));
        json.WriteEndObject();
    }

    private static string Why(PickExplanation pick) => pick.Note switch
    {
        { Score: double.NaN } => "its turn, by order, chance or key: nothing was compared",
        { Rival: null } => string.Create(CultureInfo.InvariantCulture, $"score {pick.Note.Score:0.###}; there was no other to compare with"),
        _ => string.Create(CultureInfo.InvariantCulture, $"score {pick.Note.Score:0.###} against {pick.Note.RivalScore:0.###} of {pick.Note.Rival.Name}; the smaller one wins"),
    };

    private static double ShareOf(TargetSnapshot snapshot, Target target)
    {
        var (own, sum) = (0.0, 0.0);
        for (var i = 0; i < snapshot.Routable.Length; i++)
        {
            sum += snapshot.Weights[i];
            if (snapshot.Routable[i] == target) own = snapshot.Weights[i];
        }

        return own == 0 ? 0 : Math.Round(own / sum, 4);
    }

    private static string AlgorithmOf(ProxyGroup group) => string.Concat(group.Picker.GetType().Name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{c}" : $"{c}")).ToLowerInvariant();

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, Math.Round(value, 3));
        else json.WriteNull(name);
    }
}
