using System.Diagnostics;
using System.Diagnostics.Metrics;
using Grpc.Core;
using Grpc.Internal;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The meter of the server; instruments as gRFC A66 names them.</summary>
internal static class ServerMetrics
{
    private static readonly Meter Meter = new("Grpc.AspNetCore.Server");

    private static readonly Counter<long> CallsStarted =
        Meter.CreateCounter<long>("grpc.server.call.started", "{call}", "Calls that a method has taken.");

    private static readonly Histogram<double> CallDuration =
        Meter.CreateHistogram<double>("grpc.server.call.duration", "s", "Time from a call's arrival to its status.");

    /// <summary>Counts a call that a method takes.</summary>
    /// <returns>When it began, a timestamp; 0 if nobody wants to know.</returns>
    public static long Started(ServerCallContext call)
    {
        if (CallsStarted.Enabled) CallsStarted.Add(1, new KeyValuePair<string, object?>("grpc.method", call.Method[1..]));
        return CallDuration.Enabled ? Stopwatch.GetTimestamp() : 0;
    }

    /// <summary>Says how long a call took.</summary>
    /// <param name="call">The call.</param>
    /// <param name="started">What <see cref="Started"/> returned.</param>
    public static void Ended(ServerCallContext call, long started)
    {
        // Who began to listen in the middle of a call hears of the next.
        if (started == 0 || !CallDuration.Enabled) return;
        CallDuration.Record(
            Stopwatch.GetElapsedTime(started).TotalSeconds,
            new KeyValuePair<string, object?>("grpc.method", call.Method[1..]),
            new KeyValuePair<string, object?>("grpc.status", GrpcStatusNames.Of(call.Status.StatusCode)));
    }
}
