using RouteGuide.Bench.Compare;
using RouteGuide.Bench.Report;

namespace RouteGuide.Tests.Bench;

/// <summary>What is made of the measurements.</summary>
public sealed class ReportTests
{
    private static readonly HashSet<string> Peers = ["nghttpx", "haproxy", "nginx"];

    private static ComparisonReport Report { get; } = new(
        Ratios.Fill(
            [
                Unary("nghttpx", 5), Unary("haproxy", 12), Unary("nginx", 30), Unary("routeguide", 1.5), Unary("none", null),
                Latency("nghttpx", 0.080), Latency("routeguide", 0.060), Latency("none", 0.030),
            ],
            Scenario.All,
            Peers),
        [new FailureRow("body-1m", "nginx", "1 of 5 calls succeeded")],
        new Conditions("2026-11-21", "a machine", "h2load 1.52.0", "0", "1", 3, 4, "Release"),
        [new ProxySetupText("nginx", "1.22.1", "worker_processes 1;")]);

    [Fact]
    public void The_ratio_is_to_the_best_of_the_peers_and_to_no_one_else()
    {
        var ratios = Report.Results.Where(r => r.Scenario == "unary-4x50").ToDictionary(r => r.Proxy, r => r.RatioToBestPeer);
        Assert.Equal(new Dictionary<string, double?> { ["nghttpx"] = 1, ["haproxy"] = 2.4, ["nginx"] = 6, ["routeguide"] = 0.3, ["none"] = null }, ratios);
    }

    [Fact]
    public void What_a_proxy_adds_to_a_call_is_its_median_without_that_of_no_proxy()
    {
        var row = Report.Results.Single(r => r is { Scenario: "latency-1x1", Proxy: "routeguide" });
        Assert.Equal((0.75, 0.03), (row.RatioToBestPeer, row.AddedP50Ms));
    }

    [Fact]
    public void Without_a_peer_there_is_no_ratio_and_no_verdict()
    {
        var rows = Ratios.Fill([Unary("routeguide", 1.5)], Scenario.All, Peers);
        Assert.Null(rows[0].RatioToBestPeer);
        Assert.Null(ReportTable.IsMet(Report with { Results = rows }, Scenario.All[0]));
    }

    [Theory]
    [InlineData(2.0, true)]
    [InlineData(2.01, false)]
    public void A_goal_is_met_up_to_its_very_value(double micros, bool isMet)
    {
        var rows = Ratios.Fill([Unary("nghttpx", 5), Unary("routeguide", micros)], Scenario.All, Peers);
        Assert.Equal(isMet, ReportTable.IsMet(Report with { Results = rows }, Scenario.All[0]));
    }

    [Theory]
    [InlineData(new double[] { }, null)]
    [InlineData(new double[] { 3 }, 3.0)]
    [InlineData(new double[] { 9, 1, 2 }, 2.0)]
    [InlineData(new double[] { 4, 1, 2, 9 }, 3.0)]
    public void The_median_is_the_middle(double[] values, double? median) => Assert.Equal(median, Ratios.Median(values));

    [Fact]
    public void The_json_file_has_the_agreed_fields_and_gives_the_report_back()
    {
        var file = Path.GetTempFileName();
        try
        {
            JsonFile.Write(file, Report);
            ResultSchema.Check(File.ReadAllText(file));
            var back = JsonFile.Read(file);
            Assert.Equal(Report.Results, back.Results);
            Assert.Equal(Report.Failures, back.Failures);
            Assert.Equal(Report.Conditions, back.Conditions);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_file_that_is_no_report_is_an_error_that_names_it()
    {
        Assert.Contains("/nowhere/x.json", Assert.Throws<RouteGuide.Bench.BenchException>(() => JsonFile.Read("/nowhere/x.json")).Message);
    }

    [Fact]
    public void The_section_of_a_document_is_replaced_and_nothing_else()
    {
        const string Text = "before\n<!-- compare:begin -->\nold\n<!-- compare:end -->\nafter\n";
        Assert.Equal("before\n<!-- compare:begin -->\nnew\n<!-- compare:end -->\nafter\n", Markdown.Replaced(Text, "compare", "new"));
        Assert.Throws<FormatException>(() => Markdown.Replaced("nothing to replace", "compare", "new"));
    }

    [Fact]
    public void The_document_says_which_goals_are_met_and_what_has_no_result()
    {
        var text = Markdown.Of(Report);
        Assert.Contains("| 4 connections × 50 streams, unary | ≤ 0.4 | 1.50 µs/call | nghttpx 5.00 µs/call | 0.30 | met |", text);
        Assert.Contains("No result for body-1m through nginx: 1 of 5 calls succeeded", text);
        Assert.Contains("worker_processes 1;", text);
    }

    [Fact]
    public void The_chart_is_well_formed_and_has_a_bar_for_every_ratio()
    {
        var chart = System.Xml.Linq.XDocument.Parse(Chart.Of(Report));
        var bars = chart.Descendants().Where(e => e.Name.LocalName == "rect").ToList();
        Assert.Equal(Report.Results.Count(r => r.RatioToBestPeer is not null), bars.Count);
        Assert.Equal(2, bars.Count(bar => bar.Attribute("class")!.Value == "own"));
    }

    private static ResultRow Unary(string proxy, double? micros) => new("unary-4x50", proxy, "1", micros, null, 100_000, 1, 2, 20, null, null, null, null);

    private static ResultRow Latency(string proxy, double p50) => new("latency-1x1", proxy, "1", 60, null, 9_000, p50, 2 * p50, 20, null, null, null, null);
}
