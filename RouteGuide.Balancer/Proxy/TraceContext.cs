using System.Diagnostics;

namespace RouteGuide.Balancer.Proxy;

/// <summary>The W3C trace context that a target sees.</summary>
internal static class TraceContext
{
    public const string TraceParent = "traceparent";

    /// <summary>
    /// The balancer's own span when it records one, so that the target's hangs below it; else the client's header as it came; else a
    /// new one, so that the logs of both sides can be joined.
    /// </summary>
    public static string For(string? received) =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C, IsAllDataRequested: true, Id: { } id } ? id
        : !string.IsNullOrEmpty(received) ? received
        : $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00";
}
