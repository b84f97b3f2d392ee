using System.Globalization;
using System.Text;
using RouteGuide.Balancer.Routing.Metering;

namespace RouteGuide.Balancer.Telemetry.Metrics;

/// <summary>Metrics in Prometheus' text format, version 0.0.4.</summary>
internal static class PrometheusPage
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IEnumerable<MetricFamily> families)
    {
        var page = new StringBuilder();
        foreach (var family in families)
        {
            var samples = new Samples();
            family.Collect(samples);
            page.Append("# HELP ").Append(family.PrometheusName).Append(' ').Append(Escape(family.Help, quotes: false)).Append('\n');
            page.Append("# TYPE ").Append(family.PrometheusName).Append(' ').Append(family.Kind.ToString().ToLowerInvariant()).Append('\n');
            foreach (var sample in samples.Values) Line(page, family.PrometheusName, family.Labels, sample.Labels, null, sample.Value);
            foreach (var histogram in samples.Histograms) Write(page, family, histogram);
        }

        return page.ToString();
    }

    private static void Write(StringBuilder page, MetricFamily family, HistogramSample histogram)
    {
        var sum = 0L;
        for (var i = 0; i < histogram.Counts.Length; i++)
        {
            sum += histogram.Counts[i];
            Line(page, family.PrometheusName + "_bucket", family.Labels, histogram.Labels, i < DurationCounts.Bounds.Length ? Number(DurationCounts.Bounds[i]) : "+Inf", sum);
        }

        Line(page, family.PrometheusName + "_sum", family.Labels, histogram.Labels, null, histogram.Sum);
        Line(page, family.PrometheusName + "_count", family.Labels, histogram.Labels, null, sum);
    }

    private static void Line(StringBuilder page, string name, string[] labels, string[] values, string? bound, double value)
    {
        page.Append(name);
        var before = '{';
        for (var i = 0; i < labels.Length; i++)
        {
            page.Append(before).Append(labels[i]).Append("=\"").Append(Escape(values[i], quotes: true)).Append('"');
            before = ',';
        }

        if (bound is not null)
        {
            page.Append(before).Append("le=\"").Append(bound).Append('"');
            before = ',';
        }

        if (before == ',') page.Append('}');
        page.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Escape(string text, bool quotes)
    {
        text = text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
        return quotes ? text.Replace("\"", "\\\"", StringComparison.Ordinal) : text;
    }
}
