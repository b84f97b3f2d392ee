extern alias dashboard;

using dashboard::OpenTelemetry.Proto.Collector.Metrics.V1;
using dashboard::OpenTelemetry.Proto.Common.V1;
using dashboard::OpenTelemetry.Proto.Metrics.V1;
using dashboard::OpenTelemetry.Proto.Resource.V1;
using dashboard::RouteGuide.Dashboard.Settings;
using dashboard::RouteGuide.Dashboard.Telemetry;
using dashboard::RouteGuide.Dashboard.Telemetry.Metrics;
using dashboard::RouteGuide.Dashboard.Web;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Dashboard;

public sealed class MetricTests
{
    private readonly ManualTime _time = new();
    private readonly TelemetryLimits _limits;
    private readonly MetricStore _store;
    private readonly MetricIngestion _ingestion;

    public MetricTests()
        : this(new TelemetryLimits())
    {
    }

    private MetricTests(TelemetryLimits limits)
    {
        _time.Advance(TimeSpan.FromDays(20_000));
        _limits = limits;
        var reader = new AttributeReader(limits);
        _store = new MetricStore(limits, _time);
        _ingestion = new MetricIngestion(new TelemetryResources(limits, new Palette(), reader), reader, _store, _time);
    }

    private ulong Now => (ulong)_time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;

    [Fact]
    public void A_counter_that_counts_from_its_start_becomes_a_rate()
    {
        var start = Now;
        for (var i = 1; i <= 60; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Send(Counter(start, i * 5));
        }

        var chart = Chart("counted");
        Assert.Equal("rate", chart.Chart);
        Assert.Equal("calls/s", chart.ValueUnit);
        Assert.All(Recent(Assert.Single(chart.Series).Values, 20), value => Assert.Equal(5, value!.Value, 6));
        Assert.Equal(300, chart.Totals.Count);
    }

    [Fact]
    public void A_counter_that_tells_what_was_added_becomes_the_same_rate()
    {
        for (var i = 1; i <= 60; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Send(Counter(Now, 5, AggregationTemporality.Delta));
        }

        Assert.All(Recent(Assert.Single(Chart("counted").Series).Values, 20), value => Assert.Equal(5, value!.Value, 6));
    }

    [Fact]
    public void A_source_that_starts_anew_does_not_count_backwards()
    {
        var start = Now;
        foreach (var value in (long[])[10, 20, 3, 7])
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            if (value == 3) start = Now;
            Send(Counter(start, value));
        }

        Assert.Equal(20 + 7, Chart("counted").Totals.Count);
    }

    [Fact]
    public void What_was_counted_before_anybody_looked_is_no_spike()
    {
        var before = Now - 3_600_000_000_000;
        _time.Advance(TimeSpan.FromSeconds(1));
        Send(Counter(before, 1_000_000));
        _time.Advance(TimeSpan.FromSeconds(1));
        Send(Counter(before, 1_000_005));
        Assert.Equal(5, Chart("counted").Totals.Count);
    }

    [Fact]
    public void A_report_that_comes_twice_counts_once()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        var report = Counter(Now, 5, AggregationTemporality.Delta);
        Send(report);
        Send(report);
        Assert.Equal(5, Chart("counted").Totals.Count);
    }

    [Fact]
    public void A_counter_that_stands_still_is_zero_and_not_unknown()
    {
        var start = Now;
        for (var i = 1; i <= 60; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Send(Counter(start, 7));
        }

        var chart = Chart("counted");
        Assert.All(Recent(chart.Series[0].Values, 20), value => Assert.Equal(0, value));
        Assert.Equal(1, _store.PointsOf(null));
    }

    [Fact]
    public void A_gauge_keeps_its_value_until_the_next_and_costs_little()
    {
        for (var i = 1; i <= 60; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Send(new Metric { Name = "level", Gauge = new Gauge { DataPoints = { new NumberDataPoint { TimeUnixNano = Now, AsDouble = i <= 30 ? 1 : 2 } } } });
        }

        var values = Chart("level").Series[0].Values;
        Assert.Equal(2, values[^1]);
        Assert.Equal(1, values[^40]);
        Assert.InRange(_store.PointsOf(null), 2, 4);
    }

    [Fact]
    public void Percentiles_lie_within_the_buckets_that_hold_them()
    {
        var start = Now;
        double[] bounds = [10, 20, 50, 100];
        for (var i = 1; i <= 60; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            // Each second 50 up to 10, 40 up to 20, 9 up to 50 and 1 beyond 100.
            var n = (ulong)i;
            Send(new Metric
            {
                Name = "took",
                Unit = "ms",
                Histogram = new Histogram
                {
                    AggregationTemporality = AggregationTemporality.Cumulative,
                    DataPoints =
                    {
                        new HistogramDataPoint
                        {
                            StartTimeUnixNano = start, TimeUnixNano = Now, Count = 100 * n, Sum = 1500 * n, BucketCounts = { 50 * n, 40 * n, 9 * n, 0, n }, ExplicitBounds = { bounds }, Min = 1, Max = 400,
                            Exemplars = { new Exemplar { TimeUnixNano = Now, AsDouble = 400, TraceId = Google.Protobuf.ByteString.CopyFrom([.. new byte[15], 7]), SpanId = Google.Protobuf.ByteString.CopyFrom([.. new byte[7], 9]) } },
                        },
                    },
                },
            });
        }

        var chart = Chart("took");
        Assert.Equal("percentiles", chart.Chart);
        Assert.Equal(["p50", "p90", "p99"], chart.Series.Select(line => line.Name));
        Assert.Equal(10, chart.Series[0].Values[^3]!.Value, 3);
        Assert.Equal(20, chart.Series[1].Values[^3]!.Value, 3);
        Assert.Equal(50, chart.Series[2].Values[^3]!.Value, 3);
        Assert.All(Recent(chart.Counts, 20), count => Assert.Equal(100 * chart.BucketMs / 1000.0, count!.Value, 6));
        Assert.Equal(6000, chart.Totals.Count);
        Assert.Equal(400, chart.Totals.Max);
        Assert.Equal("00000000000000000000000000000007", chart.Exemplars[0].TraceId);
        Assert.Equal("0000000000000009", chart.Exemplars[0].SpanId);
    }

    [Fact]
    public void Exponential_histograms_tell_percentiles_across_a_change_of_scale()
    {
        var start = Now;
        ExponentialHistogramDataPoint Report(int scale, int offset, params ulong[] counts) => new()
        {
            StartTimeUnixNano = start,
            TimeUnixNano = Now,
            Scale = scale,
            Count = counts.Aggregate(0UL, (sum, count) => sum + count),
            Positive = new ExponentialHistogramDataPoint.Types.Buckets { Offset = offset, BucketCounts = { counts } },
        };
        void SendReport(ExponentialHistogramDataPoint report) => Send(new Metric { Name = "exp", ExponentialHistogram = new ExponentialHistogram { AggregationTemporality = AggregationTemporality.Cumulative, DataPoints = { report } } });

        _time.Advance(TimeSpan.FromSeconds(10));
        // Scale 1: buckets end at powers of the root of 2; index 3 is up to 4.
        SendReport(Report(1, 3, 10));
        _time.Advance(TimeSpan.FromSeconds(10));
        // Scale 0: index 1 is from 2 up to 4, index 4 from 16 up to 32. Ten are the old ones, five are new.
        SendReport(Report(0, 1, 10, 0, 0, 5));
        var totals = Chart("exp").Totals;
        Assert.Equal(15, totals.Count);
        _time.Advance(TimeSpan.FromSeconds(30));
        var last = Chart("exp").Series[1].Values.Last(value => value is not null);
        Assert.InRange(last!.Value, 16, 32);
    }

    [Fact]
    public void A_resource_keeps_no_more_points_than_it_may_and_the_newest()
    {
        var limited = new MetricTests(new TelemetryLimits(MetricPoints: 10));
        for (var i = 1; i <= 50; i++)
        {
            limited._time.Advance(TimeSpan.FromSeconds(1));
            limited.Send(limited.Counter(limited.Now, i, AggregationTemporality.Delta));
        }

        Assert.Equal(10, limited._store.PointsOf(null));
        Assert.True(limited._store.IsOver);
        Assert.Equal(Enumerable.Range(41, 10).Sum(), limited.Chart("counted").Totals.Count);
    }

    [Fact]
    public void Dimensions_can_be_chosen()
    {
        for (var i = 1; i <= 20; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            var counter = Counter(Now, 1, AggregationTemporality.Delta);
            counter.Sum.DataPoints[0].Attributes.Add(Pair("replica", "a"));
            counter.Sum.DataPoints.Add(new NumberDataPoint { TimeUnixNano = Now, AsInt = 2, Attributes = { Pair("replica", "b") } });
            counter.Sum.DataPoints.Add(new NumberDataPoint { TimeUnixNano = Now, AsInt = 4 });
            Send(counter);
        }

        Assert.Equal(20 * 7, Chart("counted").Totals.Count);
        Assert.Equal(20 * 6, Chart("counted", new DimensionFilter("replica", ["b", null])).Totals.Count);
        Assert.Equal(0, Chart("counted", new DimensionFilter("replica", [])).Totals.Count);
        Assert.Equal([null, "a", "b"], Assert.Single(Chart("counted").Dimensions).Values.Select(value => value.Value));
    }

    [Fact]
    public void A_summary_shows_its_quantiles_side_by_side_and_its_count_as_a_rate()
    {
        var start = Now;
        for (var i = 1; i <= 60; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Send(new Metric
            {
                Name = "took",
                Unit = "s",
                Summary = new Summary
                {
                    DataPoints =
                    {
                        new SummaryDataPoint
                        {
                            StartTimeUnixNano = start, TimeUnixNano = Now, Count = (ulong)(i * 5), Sum = i * 10,
                            QuantileValues = { new SummaryDataPoint.Types.ValueAtQuantile { Quantile = 0.5, Value = 2 }, new SummaryDataPoint.Types.ValueAtQuantile { Quantile = 0.99, Value = 7 } },
                        },
                    },
                },
            });
        }

        var lines = Chart("took").Series.ToDictionary(line => Assert.Single(line.Dimensions!).Value, line => line.Values);
        Assert.Equal(["0.5", "0.99"], lines.Keys.Order());
        Assert.All(Recent(lines["0.5"], 20), value => Assert.Equal(2, value));
        Assert.All(Recent(lines["0.99"], 20), value => Assert.Equal(7, value));
        Assert.All(Recent(Assert.Single(Chart("took_count").Series).Values, 20), value => Assert.Equal(5, value!.Value, 6));
        Assert.All(Recent(Assert.Single(Chart("took_sum").Series).Values, 20), value => Assert.Equal(10, value!.Value, 6));
    }

    [Fact]
    public void What_makes_no_sense_is_refused_and_harms_nothing()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        var broken = new Metric { Name = "broken", Histogram = new Histogram { DataPoints = { new HistogramDataPoint { TimeUnixNano = Now, Count = 1, BucketCounts = { 1 }, ExplicitBounds = { 2, 1 } } } } };
        var scale = new Metric { Name = "scale", ExponentialHistogram = new ExponentialHistogram { DataPoints = { new ExponentialHistogramDataPoint { TimeUnixNano = Now, Scale = int.MinValue, Positive = new() { Offset = int.MaxValue, BucketCounts = { 1 } } } } } };
        var empty = new Metric { Name = "empty" };
        var nothing = new Metric { Name = "nothing", Gauge = new Gauge { DataPoints = { new NumberDataPoint { TimeUnixNano = Now, AsDouble = double.NaN } } } };
        foreach (var metric in (Metric[])[broken, scale, empty]) Assert.Equal(1, Send(metric).PartialSuccess.RejectedDataPoints);
        Assert.Null(Send(nothing).PartialSuccess);
        Assert.Equal(0, _store.PointsOf(null));
    }

    [Fact]
    public void Clearing_forgets_the_points_and_no_spike_follows()
    {
        var start = Now;
        _time.Advance(TimeSpan.FromSeconds(1));
        Send(Counter(start, 100));
        _store.Clear(null);
        Assert.Equal(0, _store.Bytes);
        _time.Advance(TimeSpan.FromSeconds(1));
        Send(Counter(start, 105));
        _time.Advance(TimeSpan.FromSeconds(1));
        Send(Counter(start, 107));
        Assert.Equal(2, Chart("counted").Totals.Count);
    }

    private static IEnumerable<double?> Recent(double?[] values, int count) => values.SkipLast(2).TakeLast(count);

    private Metric Counter(ulong start, long value, AggregationTemporality temporality = AggregationTemporality.Cumulative) => new()
    {
        Name = "counted",
        Unit = "{calls}",
        Sum = new Sum { IsMonotonic = true, AggregationTemporality = temporality, DataPoints = { new NumberDataPoint { StartTimeUnixNano = start, TimeUnixNano = Now, AsInt = value } } },
    };

    private ExportMetricsServiceResponse Send(Metric metric) => _ingestion.Take(new ExportMetricsServiceRequest
    {
        ResourceMetrics = { new ResourceMetrics { Resource = new Resource { Attributes = { Pair("service.name", "s") } }, ScopeMetrics = { new ScopeMetrics { Scope = new InstrumentationScope { Name = "m" }, Metrics = { metric } } } } },
    });

    private MetricSeriesView Chart(string instrument, params DimensionFilter[] dimensions)
    {
        // Reports count as complete a little later.
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds() + 2_000;
        var chart = _store.Read("s", resources => new MetricQuery("s", "m", instrument, 1, 60, false, dimensions).Chart(resources, now));
        Assert.NotNull(chart);
        return chart;
    }

    private static KeyValue Pair(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };
}
