namespace RouteGuide.Dashboard.Telemetry.Metrics;

internal enum MetricKind
{
    /// <summary>A value as it is at a time.</summary>
    Gauge,

    /// <summary>What only grows; what is kept is by how much.</summary>
    Counter,

    /// <summary>What grows and shrinks; what is kept is how much there is.</summary>
    UpDown,

    /// <summary>How many measurements fell between which bounds; what is kept is what has been added.</summary>
    Histogram,
}

/// <summary>What was reported once of a series.</summary>
internal sealed class MetricPoint
{
    /// <summary>Where the time begins that it is about, in milliseconds since 1970: the report before.</summary>
    public required long From { get; init; }

    /// <summary>When it was reported, in milliseconds since 1970.</summary>
    public required long Time { get; set; }

    /// <summary>The value, the increase, or the sum of the measurements.</summary>
    public required double Value { get; init; }

    /// <summary>How many measurements a histogram has got.</summary>
    public ulong Count { get; init; }

    /// <summary>The upper bounds of all buckets of a histogram but the last.</summary>
    public double[]? Bounds { get; init; }

    /// <summary>How many fell into each bucket.</summary>
    public ulong[]? Buckets { get; init; }

    /// <summary>The least that was ever measured; not a number where it is not told.</summary>
    public double Min { get; init; } = double.NaN;

    /// <summary>The most that was ever measured; not a number where it is not told.</summary>
    public double Max { get; init; } = double.NaN;

    /// <summary>Bytes in memory, roughly. Bounds are shared by all points of a series.</summary>
    public int Size => 96 + (8 * (Buckets?.Length ?? 0));
}

/// <summary>A single measurement, and the span that it was made in.</summary>
internal sealed record ExemplarItem(long Time, double Value, UInt128 TraceId, ulong SpanId, Attribute[] Attributes);
