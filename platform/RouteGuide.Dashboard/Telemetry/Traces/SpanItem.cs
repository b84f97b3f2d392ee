using OpenTelemetry.Proto.Trace.V1;

namespace RouteGuide.Dashboard.Telemetry.Traces;

/// <summary>The library that made spans.</summary>
internal sealed record SpanScope(string Name, string? Version);

internal sealed record SpanEventItem(string Name, ulong Time, Attribute[] Attributes);

internal sealed record SpanLinkItem(UInt128 TraceId, ulong SpanId, Attribute[] Attributes);

/// <summary>A span as it is kept. It does not change.</summary>
internal sealed class SpanItem
{
    private static readonly string[] Kinds = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"];

    public required UInt128 TraceId { get; init; }

    public required ulong Id { get; init; }

    /// <summary>0 for the root.</summary>
    public required ulong ParentId { get; init; }

    public required string Name { get; init; }

    public required Span.Types.SpanKind Kind { get; init; }

    /// <summary>Nanoseconds since 1970.</summary>
    public required ulong Start { get; init; }

    /// <summary>Nanoseconds since 1970; not before <see cref="Start"/>.</summary>
    public required ulong End { get; init; }

    public required Status.Types.StatusCode Status { get; init; }

    public string? StatusMessage { get; init; }

    public required TelemetryResource Resource { get; init; }

    public required SpanScope Scope { get; init; }

    public required Attribute[] Attributes { get; init; }

    public required SpanEventItem[] Events { get; init; }

    public required SpanLinkItem[] Links { get; init; }

    public bool IsError => Status == OpenTelemetry.Proto.Trace.V1.Status.Types.StatusCode.Error;

    public string KindName => (int)Kind < Kinds.Length && Kind >= 0 ? Kinds[(int)Kind] : Kinds[0];

    /// <summary>Whether it is the side of a call that calls.</summary>
    public bool IsCaller => Kind is Span.Types.SpanKind.Client or Span.Types.SpanKind.Producer;

    /// <summary>Bytes in memory, roughly.</summary>
    public long Size()
    {
        var size = 200 + AttributeReader.SizeOf(Attributes) + (2L * (StatusMessage?.Length ?? 0));
        foreach (var happened in Events) size += 64 + (2L * happened.Name.Length) + AttributeReader.SizeOf(happened.Attributes);
        foreach (var link in Links) size += 64 + AttributeReader.SizeOf(link.Attributes);
        return size;
    }

    /// <summary>The value of an attribute; null where there is none.</summary>
    public string? Attribute(string key)
    {
        foreach (var attribute in Attributes)
        {
            if (attribute.Key == key) return attribute.Value;
        }

        return null;
    }

    /// <summary>The value of a field that can be filtered by; null where the span has none.</summary>
    public string? Get(string field) => field switch
    {
        "span.name" => Name,
        "span.kind" => KindName,
        "span.status" => Status.ToString(),
        "span.durationMs" => ((End - Start) / 1e6).ToString("R"),
        "span.traceId" => Ids.Text(TraceId),
        "span.resource" => Resource.Instance,
        _ => Attribute(field),
    };
}
