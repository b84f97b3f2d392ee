using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>What the meter of the client says of the servers of all balanced channels.</summary>
internal static class SubchannelMetrics
{
    // Channels that nobody disposes must not live for the meter's sake.
    private static readonly ConditionalWeakTable<ConnectionManager, object> Managers = [];

    static SubchannelMetrics()
    {
        ClientTelemetry.Meter.CreateObservableGauge(
            "grpc.client.subchannel.state",
            () => Measure(s => (int)s.State.State),
            description: "How each server is connected: 0 idle, 1 connecting, 2 ready, 3 transient failure, 4 shutdown.");
        ClientTelemetry.Meter.CreateObservableUpDownCounter(
            "grpc.client.subchannel.calls",
            () => Measure(s => s.Counts.InFlight),
            "{call}",
            "Calls in flight to each server.");
    }

    public static void Add(ConnectionManager manager) => Managers.Add(manager, manager.Target);

    public static void Remove(ConnectionManager manager) => Managers.Remove(manager);

    private static List<Measurement<long>> Measure(Func<Balancer.Subchannel, long> value)
    {
        var measurements = new List<Measurement<long>>();
        foreach (var (manager, _) in Managers)
        {
            foreach (var subchannel in manager.Subchannels)
            {
                measurements.Add(new Measurement<long>(
                    value(subchannel),
                    new KeyValuePair<string, object?>("grpc.target", manager.Target),
                    new KeyValuePair<string, object?>("server.address", subchannel.ToString())));
            }
        }

        return measurements;
    }
}
