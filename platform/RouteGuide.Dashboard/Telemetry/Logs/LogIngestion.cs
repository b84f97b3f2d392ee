using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Logs.V1;

namespace RouteGuide.Dashboard.Telemetry.Logs;

/// <summary>From OTLP's log records to those that are kept.</summary>
/// <param name="resources">Who sends.</param>
/// <param name="reader">Reads attributes.</param>
/// <param name="store">Where they are kept.</param>
/// <param name="time">For records that do not say when they were written.</param>
internal sealed class LogIngestion(TelemetryResources resources, AttributeReader reader, LogStore store, TimeProvider time)
{
    public ExportLogsServiceResponse Take(ExportLogsServiceRequest request)
    {
        var items = new List<LogItem>();
        long refused = 0;
        foreach (var sent in request.ResourceLogs)
        {
            var resource = resources.Of(sent.Resource);
            if (resource is null)
            {
                refused += sent.ScopeLogs.Sum(scope => (long)scope.LogRecords.Count);
                continue;
            }

            foreach (var scope in sent.ScopeLogs)
            {
                var category = reader.Share(reader.Cut(scope.Scope?.Name ?? ""));
                var attributes = scope.Scope is { } named ? reader.Read(named.Attributes) : [];
                foreach (var record in scope.LogRecords) items.Add(Item(resource, category, attributes, record));
                if (scope.LogRecords.Count > 0) resource.HasLogs = true;
            }
        }

        store.Add(items);
        return refused == 0
            ? new ExportLogsServiceResponse()
            : new ExportLogsServiceResponse { PartialSuccess = new ExportLogsPartialSuccess { RejectedLogRecords = refused, ErrorMessage = TelemetryHub.TooManyResources } };
    }

    private LogItem Item(TelemetryResource resource, string category, Attribute[] scopeAttributes, LogRecord record)
    {
        string? template = null, type = null, message = null, stack = null, eventName = record.EventName.Length > 0 ? record.EventName : null;
        var kept = new List<Attribute>();
        foreach (var attribute in reader.Read(record.Attributes))
        {
            // What has a place of its own on the page is not shown twice.
            switch (attribute.Key)
            {
                case "{OriginalFormat}":
                    template = attribute.Value;
                    break;
                case "exception.type":
                    type = attribute.Value;
                    break;
                case "exception.message":
                    message = attribute.Value;
                    break;
                case "exception.stacktrace":
                    stack = attribute.Value;
                    break;
                case "logrecord.event.name" or "EventName" when eventName is null:
                    eventName = attribute.Value;
                    break;
                default:
                    kept.Add(attribute);
                    break;
            }
        }

        var severity = SeverityOf((int)record.SeverityNumber);
        if (severity >= LogSeverity.Error) resource.CountError();
        return new LogItem
        {
            Time = record.TimeUnixNano != 0 ? record.TimeUnixNano : record.ObservedTimeUnixNano != 0 ? record.ObservedTimeUnixNano : (ulong)time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000,
            Resource = resource,
            Severity = severity,
            Message = reader.Text(record.Body) is { Length: > 0 } text ? text : template ?? eventName ?? "",
            Category = category,
            EventName = eventName,
            Template = template,
            TraceId = Ids.Trace(record.TraceId),
            SpanId = Ids.Span(record.SpanId),
            Attributes = [.. kept],
            ScopeAttributes = scopeAttributes,
            Exception = stack ?? (type is null && message is null ? null : $"{type}: {message}"),
        };
    }

    // Four steps for each level (OTLP's SeverityNumber).
    private static LogSeverity SeverityOf(int number) => number is >= 1 and <= 24 ? (LogSeverity)((number - 1) / 4) : LogSeverity.Unspecified;
}
