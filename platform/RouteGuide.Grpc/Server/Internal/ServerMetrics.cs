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

    /// <summary>Counts a call that a method takes; returns when it began.</summary>
    public static long Started(string method)
    {
        if (CallsStarted.Enabled) CallsStarted.Add(1, new KeyValuePair<string, object?>("grpc.method", method[1..]));
        return Stopwatch.GetTimestamp();
    }

    public static void Ended(string method, StatusCode code, long started)
    {
        if (!CallDuration.Enabled) return;
        CallDuration.Record(
            Stopwatch.GetElapsedTime(started).TotalSeconds,
            new KeyValuePair<string, object?>("grpc.method", method[1..]),
            new KeyValuePair<string, object?>("grpc.status", GrpcStatusNames.Of(code)));
    }
}
