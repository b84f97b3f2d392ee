namespace RouteGuide.Dashboard.Telemetry.Logs;

internal enum LogSeverity
{
    Unspecified = -1,
    Trace,
    Debug,
    Information,
    Warning,
    Error,
    Critical,
}

/// <summary>A log record as it is kept.</summary>
internal sealed class LogItem
{
    /// <summary>Grows with each record that comes in.</summary>
    public long Id { get; set; }

    /// <summary>Nanoseconds since 1970.</summary>
    public required ulong Time { get; init; }

    public required TelemetryResource Resource { get; init; }

    public required LogSeverity Severity { get; init; }

    public required string Message { get; init; }

    public required string Category { get; init; }

    public string? EventName { get; init; }

    public string? Template { get; init; }

    public required UInt128 TraceId { get; init; }

    public required ulong SpanId { get; init; }

    public required Attribute[] Attributes { get; init; }

    public required Attribute[] ScopeAttributes { get; init; }

    public string? Exception { get; init; }

    /// <summary>Bytes in memory, roughly.</summary>
    public long Size => 160 + (2L * (Message.Length + (Exception?.Length ?? 0))) + AttributeReader.SizeOf(Attributes);

    /// <summary>The value of a field that can be filtered by; null where the record has none.</summary>
    public string? Get(string field) => field switch
    {
        "log.message" => Message,
        "log.category" => Category,
        "log.level" => Severity.ToString(),
        "log.traceId" => Ids.TextOrNull(TraceId),
        "log.spanId" => Ids.TextOrNull(SpanId),
        "log.eventName" => EventName,
        "log.exception" => Exception,
        "log.resource" => Resource.Instance,
        _ => Find(field),
    };

    private string? Find(string key)
    {
        foreach (var attribute in Attributes)
        {
            if (attribute.Key == key) return attribute.Value;
        }

        return null;
    }
}
