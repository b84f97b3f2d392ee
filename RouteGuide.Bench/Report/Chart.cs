using System.Globalization;
using System.Security;
using System.Text;
using RouteGuide.Bench.Compare;

namespace RouteGuide.Bench.Report;

/// <summary>The ratios as a picture: bars per scenario, the best peer being 1, with a mark where the goal is. It follows the reader's light or dark colours.</summary>
internal static class Chart
{
    private const int Width = 860;
    private const int Left = 96;
    private const int Right = 150;
    private const int BarHeight = 11;
    private const int BarGap = 3;
    private const int Top = 60;

    /// <summary>Longer bars are cut off, and say their figure all the same.</summary>
    private const double MaxRatio = 4;

    private const string Style =
        """
        text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #24292f }
        .title { font-size: 16px; font-weight: 600 }
        .scenario { font-weight: 600 }
        .small { font-size: 11px; fill: #57606a }
        .peer { fill: #afb8c1 }
        .own { fill: #1f883d }
        .grid { stroke: #d0d7de; stroke-width: 1 }
        .goal { stroke: #cf222e; stroke-width: 2 }
        @media (prefers-color-scheme: dark) {
          text { fill: #e6edf3 }
          .small { fill: #8d96a0 }
          .peer { fill: #545d68 }
          .own { fill: #3fb950 }
          .grid { stroke: #30363d }
          .goal { stroke: #f85149 }
        }
        """;

    public static string Of(ComparisonReport report)
    {
        var body = new StringBuilder();
        var y = Top;
        foreach (var scenario in Scenario.All)
        {
            var rows = report.Results.Where(r => r.Scenario == scenario.Name && r.RatioToBestPeer is not null).OrderBy(r => r.RatioToBestPeer).ToList();
            if (rows.Count > 0) y = Group(body, scenario, rows, y);
        }

        var height = y + 24;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" width=\"{Width}\" height=\"{height}\" role=\"img\" aria-label=\"What calls cost each proxy, relative to the best peer\">\n<style>\n{Style}\n</style>\n");
        text.Append(CultureInfo.InvariantCulture, $"<text class=\"title\" x=\"12\" y=\"24\">What the same load costs each proxy</text>\n");
        text.Append(CultureInfo.InvariantCulture, $"<text class=\"small\" x=\"12\" y=\"42\">The best peer is 1, shorter is better; the red mark is our goal. {Escape(report.Conditions.Date)}, one core, TLS 1.3 in front, HTTP/2 behind.</text>\n");
        for (var ratio = 1; ratio <= MaxRatio; ratio++) text.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{X(ratio):0.#}\" y1=\"{Top - 8}\" x2=\"{X(ratio):0.#}\" y2=\"{y}\"/>\n<text class=\"small\" x=\"{X(ratio):0.#}\" y=\"{y + 14}\" text-anchor=\"middle\">{ratio} ×</text>\n");
        return text.Append(body).Append("</svg>\n").ToString();
    }

    private static int Group(StringBuilder body, Scenario scenario, List<ResultRow> rows, int y)
    {
        body.Append(CultureInfo.InvariantCulture, $"<text class=\"scenario\" x=\"12\" y=\"{y + 4}\">{Escape(scenario.Title)}</text>\n");
        y += 12;
        var top = y;
        var goal = X(scenario.Goal);
        foreach (var row in rows)
        {
            var ratio = row.RatioToBestPeer!.Value;
            var end = X(Math.Min(ratio, MaxRatio));
            // The figure stands behind the mark, not under it.
            var label = end < goal + 4 && goal < end + 60 ? goal : end;
            var note = ratio > MaxRatio ? $" ({ratio.ToString("0.0", CultureInfo.InvariantCulture)} ×)" : "";
            body.Append(CultureInfo.InvariantCulture, $"<text class=\"small\" x=\"{Left - 8}\" y=\"{y + BarHeight - 1}\" text-anchor=\"end\">{Escape(row.Proxy)}</text>");
            body.Append(CultureInfo.InvariantCulture, $"<rect class=\"{(row.Proxy == "routeguide" ? "own" : "peer")}\" x=\"{Left}\" y=\"{y}\" width=\"{end - Left:0.#}\" height=\"{BarHeight}\" rx=\"2\"/>");
            body.Append(CultureInfo.InvariantCulture, $"<text class=\"small\" x=\"{label + 6:0.#}\" y=\"{y + BarHeight - 1}\">{Escape(ReportTable.Compared(scenario, row))}{note}</text>\n");
            y += BarHeight + BarGap;
        }

        body.Append(CultureInfo.InvariantCulture, $"<line class=\"goal\" x1=\"{goal:0.#}\" y1=\"{top - 2}\" x2=\"{goal:0.#}\" y2=\"{y - BarGap + 2}\"/>\n");
        return y + 16;
    }

    private static double X(double ratio) => Left + (ratio / MaxRatio * (Width - Left - Right));

    private static string Escape(string text) => SecurityElement.Escape(text);
}
