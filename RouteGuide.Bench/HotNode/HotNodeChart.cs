using System.Globalization;
using System.Security;
using System.Text;

namespace RouteGuide.Bench.HotNode;

/// <summary>The shares as a picture: two bars for each replica. It follows the reader's light or dark colours.</summary>
internal static class HotNodeChart
{
    private const int Width = 760;
    private const int Left = 104;
    private const int Right = 72;
    private const int BarHeight = 11;
    private const int RowHeight = 34;
    private const int Top = 84;

    private const string Style =
        """
        text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #24292f }
        .title { font-size: 16px; font-weight: 600 }
        .small { font-size: 11px; fill: #57606a }
        .tcp { fill: #cf222e }
        .request { fill: #1f883d }
        .axis { stroke: #d0d7de; stroke-width: 1 }
        @media (prefers-color-scheme: dark) {
          text { fill: #e6edf3 }
          .small { fill: #8d96a0 }
          .tcp { fill: #f85149 }
          .request { fill: #3fb950 }
          .axis { stroke: #30363d }
        }
        """;

    public static string Of(HotNodeResult result)
    {
        var calls = result.Request.Values.Sum();
        var most = Math.Max(1, result.Request.Values.Concat(result.Tcp.Values).Max());
        var height = Top + result.Request.Count * RowHeight + 12;
        var title = string.Create(CultureInfo.InvariantCulture, $"{calls:N0} calls from one connection over {result.Request.Count} replicas");
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" width=\"{Width}\" height=\"{height}\" role=\"img\" aria-label=\"{Escape(title)}: each call balanced, and the connection balanced\">\n<style>\n{Style}\n</style>\n");
        text.Append(CultureInfo.InvariantCulture, $"<text class=\"title\" x=\"12\" y=\"24\">{Escape(title)}</text>\n");
        text.Append(CultureInfo.InvariantCulture, $"<rect class=\"request\" x=\"12\" y=\"42\" width=\"11\" height=\"11\" rx=\"2\"/><text x=\"30\" y=\"52\">each request balanced</text>\n");
        text.Append(CultureInfo.InvariantCulture, $"<rect class=\"tcp\" x=\"190\" y=\"42\" width=\"11\" height=\"11\" rx=\"2\"/><text x=\"208\" y=\"52\">the connection balanced (TCP)</text>\n");
        text.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{Left}\" y1=\"{Top - 10}\" x2=\"{Left}\" y2=\"{height - 12}\"/>\n");
        var y = Top;
        foreach (var (replica, request) in result.Request)
        {
            text.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 10}\" y=\"{y + 15}\" text-anchor=\"end\">{Escape(replica)}</text>");
            Bar(text, "request", y, request, most);
            Bar(text, "tcp", y + BarHeight + 2, result.Tcp.GetValueOrDefault(replica), most);
            text.Append('\n');
            y += RowHeight;
        }

        return text.Append("</svg>\n").ToString();
    }

    private static void Bar(StringBuilder text, string mode, int y, int calls, int most)
    {
        var length = (double)calls / most * (Width - Left - Right);
        if (calls > 0) text.Append(CultureInfo.InvariantCulture, $"<rect class=\"{mode}\" x=\"{Left}\" y=\"{y}\" width=\"{Math.Max(1, length):0.#}\" height=\"{BarHeight}\" rx=\"2\"/>");
        text.Append(CultureInfo.InvariantCulture, $"<text class=\"small\" x=\"{Left + length + 6:0.#}\" y=\"{y + BarHeight - 1}\">{calls:N0}</text>");
    }

    private static string Escape(string text) => SecurityElement.Escape(text);
}
