using System.Text.Json;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Telemetry.Metrics;

/// <summary>Which values of a dimension are wanted.</summary>
/// <param name="Name">The dimension.</param>
/// <param name="Values">Its values; null means points without it.</param>
internal sealed record DimensionFilter(string Name, IReadOnlyList<string?> Values);

/// <summary>What is wanted of an instrument.</summary>
internal sealed record MetricQuery(string Resource, string Meter, string Instrument, int Minutes, int Points, bool PerSeries, DimensionFilter[] Dimensions)
{
    /// <summary>How many points with traces a chart has.</summary>
    public const int MaxExemplars = 200;

    private const int MaxLines = 20;
    private const int MaxWindowMinutes = 12 * 60;

    /// <exception cref="ProblemException">A parameter is missing or cannot be read.</exception>
    public static MetricQuery From(IQueryCollection query)
    {
        string Required(string name) => query.Text(name) ?? throw ProblemException.Bad($"{name}: it is missing.");
        return new MetricQuery(
            Required("resource"), query["meter"].ToString(), Required("instrument"), (int)query.Number("minutes", 5, 1, MaxWindowMinutes), (int)query.Number("points", 240, 10, 2000), query.Text("perSeries") == "true",
            [.. query["dim"].OfType<string>().Take(100).Select(Parse)]);
    }

    /// <summary>The meters of a resource with their instruments.</summary>
    public static MetricTree Tree(IReadOnlyList<ResourceMetricsItem> resources) => new(
    [
        .. resources.SelectMany(resource => resource.Instruments.Values).GroupBy(instrument => instrument.Meter).OrderBy(meter => meter.Key, StringComparer.OrdinalIgnoreCase).Select(meter => new MeterView(
            meter.Key, meter.First().MeterVersion,
            [.. meter.DistinctBy(instrument => instrument.Name).OrderBy(instrument => instrument.Name, StringComparer.OrdinalIgnoreCase).Select(instrument => new InstrumentView(instrument.Name, instrument.Description, instrument.Unit, NameOf(instrument.Kind)))])),
    ]);

    /// <summary>What a chart of it shows; null where it is not known.</summary>
    /// <param name="resources">Whose.</param>
    /// <param name="now">Where the window ends, in milliseconds since 1970.</param>
    public MetricSeriesView? Chart(IReadOnlyList<ResourceMetricsItem> resources, long now)
    {
        Instrument[] instruments = [.. resources.Select(resource => resource.Instruments.GetValueOrDefault((Meter, Instrument))).OfType<Instrument>()];
        if (instruments.Length == 0) return null;
        var kind = instruments[0].Kind;
        MetricSeries[] all = [.. instruments.Where(instrument => instrument.Kind == kind).SelectMany(instrument => instrument.Series.Values)];
        MetricSeries[] wanted = [.. all.Where(series => Array.TrueForAll(Dimensions, dimension => dimension.Values.Contains(series.Dimension(dimension.Name))))];
        var grid = TimeGrid.Of(now, Minutes * 60_000L, Points, all.Select(series => series.Interval).Where(interval => interval > 0).DefaultIfEmpty().Min());
        var chart = new ChartBuilder(grid);
        var lines = PerSeries || Summaries.AreQuantiles(wanted) ? Lines(chart, grid, kind, wanted) : [.. LinesOf(chart, grid, kind, wanted, null)];
        return new MetricSeriesView(
            Meter, Instrument, instruments[0].Description, instruments[0].Unit, NameOf(kind), ChartOf(kind), kind == MetricKind.Counter ? PerSecond(instruments[0].Unit) : Plain(instruments[0].Unit),
            grid.Times, grid.Step, lines, kind switch
            {
                MetricKind.Histogram => chart.Increases(wanted, point => point.Count),
                MetricKind.Counter => chart.Increases(wanted, point => point.Value),
                _ => new double?[grid.Count],
            },
            Totals(kind, grid, wanted), Exemplars(grid, wanted), DimensionsOf(all), instruments.Any(instrument => instrument.IsOver));
    }

    private static IReadOnlyList<LineView> Lines(ChartBuilder chart, TimeGrid grid, MetricKind kind, MetricSeries[] wanted) =>
    [
        .. wanted.GroupBy(series => string.Join(", ", series.Attributes.Select(attribute => $"{attribute.Key}={attribute.Value}")))
            .OrderByDescending(group => group.Sum(series => series.Points.Count)).Take(MaxLines)
            .SelectMany(group => LinesOf(chart, grid, kind, [.. group], group.First().Attributes)),
    ];

    private static IEnumerable<LineView> LinesOf(ChartBuilder chart, TimeGrid grid, MetricKind kind, MetricSeries[] series, Attribute[]? dimensions)
    {
        if (kind == MetricKind.Histogram) return chart.Quantiles(series).Select(line => new LineView(line.Name, dimensions, line.Values));
        var values = kind == MetricKind.Counter ? [.. chart.Increases(series, point => point.Value).Select(value => value * 1000 / grid.Step)] : chart.Levels(series);
        return [new LineView(kind == MetricKind.Counter ? "rate" : "value", dimensions, values)];
    }

    private static TotalsView Totals(MetricKind kind, TimeGrid grid, MetricSeries[] series)
    {
        MetricPoint[] points = [.. series.SelectMany(one => one.Points).Where(point => point.Time > grid.Start)];
        if (kind is MetricKind.Gauge or MetricKind.UpDown)
        {
            var last = series.Where(one => one.Points.Count > 0).Select(one => one.Points.Last().Value).ToArray();
            return new TotalsView(points.Length, null, points.Length == 0 ? null : points.Min(point => point.Value), points.Length == 0 ? null : points.Max(point => point.Value), last.Length == 0 ? null : last.Sum());
        }

        var sum = points.Sum(point => point.Value);
        if (kind == MetricKind.Counter) return new TotalsView(sum, sum, null, null, null);
        var histogram = new HistogramSum();
        foreach (var point in points) histogram.Add(point);
        return new TotalsView(histogram.Count, sum, double.IsNaN(histogram.Min) ? null : histogram.Min, double.IsNaN(histogram.Max) ? null : histogram.Max, null);
    }

    private static IReadOnlyList<ExemplarView> Exemplars(TimeGrid grid, MetricSeries[] series) =>
    [
        .. series.SelectMany(one => one.Exemplars).Where(exemplar => exemplar.Time > grid.Start).DistinctBy(exemplar => (exemplar.Time, exemplar.SpanId, exemplar.Value)).OrderBy(exemplar => exemplar.Time).TakeLast(10 * MaxExemplars)
            .Select(exemplar => new ExemplarView(exemplar.Time, exemplar.Value, Ids.TextOrNull(exemplar.TraceId), Ids.TextOrNull(exemplar.SpanId), exemplar.Attributes)),
    ];

    private static IReadOnlyList<DimensionView> DimensionsOf(MetricSeries[] all) =>
    [
        .. all.SelectMany(series => series.Attributes).Select(attribute => attribute.Key).Distinct().Order(StringComparer.OrdinalIgnoreCase).Select(name => new DimensionView(
            name, [.. all.GroupBy(series => series.Dimension(name)).OrderBy(group => group.Key, StringComparer.OrdinalIgnoreCase).Select(group => new DimensionValueView(group.Key, group.Sum(series => series.Points.Count)))])),
    ];

    private static DimensionFilter Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<DimensionFilter>(text, Json.Options) ?? throw new JsonException("null");
        }
        catch (JsonException fault)
        {
            throw ProblemException.Bad($"dim: '{text}' is not {{\"name\":…,\"values\":[…]}}: {fault.Message}");
        }
    }

    private static string NameOf(MetricKind kind) => kind.ToString().ToLowerInvariant();

    private static string ChartOf(MetricKind kind) => kind switch
    {
        MetricKind.Histogram => "percentiles",
        MetricKind.Counter => "rate",
        _ => "value",
    };

    // What stands in braces is a remark and no unit (UCUM).
    private static string Plain(string unit) => unit is ['{', .., '}'] ? unit[1..^1] : unit;

    private static string PerSecond(string unit) => unit.Length == 0 ? "1/s" : $"{Plain(unit)}/s";
}
