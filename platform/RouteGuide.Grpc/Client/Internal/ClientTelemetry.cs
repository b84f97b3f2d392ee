using System.Diagnostics;
using System.Diagnostics.Metrics;
using Grpc.Core;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal;

/// <summary>The spans and the meter of the client; instruments as gRFC A66 names them. Each attempt of a call that is retried counts.</summary>
internal static class ClientTelemetry
{
    private const string SpanName = "Grpc.Net.Client.GrpcOut";

    public static readonly ActivitySource Source = new("Grpc.Net.Client");
    public static readonly Meter Meter = new("Grpc.Net.Client");

    private static readonly Counter<long> AttemptsStarted =
        Meter.CreateCounter<long>("grpc.client.attempt.started", "{attempt}", "Attempts at calls that were begun.");

    private static readonly Histogram<double> AttemptDuration =
        Meter.CreateHistogram<double>("grpc.client.attempt.duration", "s", "Time from an attempt's beginning to its status.");

    public static void Started(string method, string target)
    {
        if (!AttemptsStarted.Enabled) return;
        AttemptsStarted.Add(1, new KeyValuePair<string, object?>("grpc.method", method[1..]), new KeyValuePair<string, object?>("grpc.target", target));
    }

    public static void Ended(string method, string target, StatusCode code, long started)
    {
        if (!AttemptDuration.Enabled) return;
        AttemptDuration.Record(
            Stopwatch.GetElapsedTime(started).TotalSeconds,
            new KeyValuePair<string, object?>("grpc.method", method[1..]),
            new KeyValuePair<string, object?>("grpc.target", target),
            new KeyValuePair<string, object?>("grpc.status", GrpcStatusNames.Of(code)));
    }

    /// <summary>Begins the span of a call and makes it the current one; null if nobody listens.</summary>
    public static Activity? StartSpan(string method)
    {
        if (!Source.HasListeners() || Source.CreateActivity(SpanName, ActivityKind.Client) is not { } span) return null;
        span.DisplayName = method[1..];
        span.SetTag("grpc.method", method);
        return span.Start();
    }

    /// <summary>Ends the span of a call. Whatever is current to the caller stays so: calls end on threads of their own.</summary>
    public static void EndSpan(Activity span, string method, in Status status)
    {
        span.SetTag("grpc.status_code", (int)status.StatusCode);
        RpcTags.Set(span, method, status.StatusCode);
        if (status.StatusCode != StatusCode.OK) span.SetStatus(ActivityStatusCode.Error, status.Detail);
        var current = Activity.Current;
        span.Stop();
        if (current != span) Activity.Current = current;
    }
}
