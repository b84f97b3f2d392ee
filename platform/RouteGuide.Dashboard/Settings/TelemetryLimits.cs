namespace RouteGuide.Dashboard.Settings;

/// <summary>How much telemetry is kept. What comes beyond a limit pushes out the oldest of its kind.</summary>
/// <param name="Logs">Log records in all.</param>
/// <param name="Traces">Traces in all.</param>
/// <param name="MetricPoints">Points of one resource.</param>
/// <param name="Attributes">Attributes of one thing; those beyond are left out.</param>
/// <param name="AttributeLength">Characters of one attribute's value, or of a message; the rest is cut off.</param>
/// <param name="Resources">Resources in all; what further ones send is refused.</param>
/// <param name="SpansPerTrace">Spans of one trace; those beyond are left out.</param>
/// <param name="LogBytes">Bytes that all log records may take, as estimated.</param>
/// <param name="TraceBytes">Bytes that all traces may take, as estimated.</param>
/// <param name="MetricBytes">Bytes that all metrics may take, as estimated.</param>
internal sealed record TelemetryLimits(
    int Logs = 10_000,
    int Traces = 10_000,
    int MetricPoints = 50_000,
    int Attributes = 128,
    int AttributeLength = 16 * 1024,
    int Resources = 10_000,
    int SpansPerTrace = 10_000,
    long LogBytes = 96L << 20,
    long TraceBytes = 192L << 20,
    long MetricBytes = 128L << 20);
