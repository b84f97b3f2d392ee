namespace RouteGuide.Dashboard.Telemetry.Metrics;

internal sealed record InstrumentView(string Name, string Description, string Unit, string Kind);

internal sealed record MeterView(string Name, string? Version, IReadOnlyList<InstrumentView> Instruments);

internal sealed record MetricTree(IReadOnlyList<MeterView> Meters);

internal sealed record LineView(string Name, IReadOnlyList<Attribute>? Dimensions, double?[] Values);

internal sealed record TotalsView(double Count, double? Sum, double? Min, double? Max, double? Last);

internal sealed record ExemplarView(long Time, double Value, string? TraceId, string? SpanId, Attribute[] Attributes);

internal sealed record DimensionValueView(string? Value, int Points);

internal sealed record DimensionView(string Name, IReadOnlyList<DimensionValueView> Values);

/// <summary>What a chart shows.</summary>
internal sealed record MetricSeriesView(
    string Meter, string Instrument, string Description, string Unit, string Kind, string Chart, string ValueUnit, long[] Times, long BucketMs, IReadOnlyList<LineView> Series, double?[] Counts,
    TotalsView Totals, IReadOnlyList<ExemplarView> Exemplars, IReadOnlyList<DimensionView> Dimensions, bool Overflow);

internal sealed record MetricsEvent(string Resource, long Version, long TreeVersion);
