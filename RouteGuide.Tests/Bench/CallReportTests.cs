using RouteGuide.Bench.Calls;

namespace RouteGuide.Tests.Bench;

/// <summary>What is made of the figures of calls.</summary>
public sealed class CallReportTests
{
    [Theory]
    [InlineData(11.0, 400, true)]
    [InlineData(11.1, 400, false)]
    [InlineData(11.0, 401, false)]
    public void A_server_is_held_to_the_bare_endpoint_beside_it(double micros, double bytes, bool isMet)
    {
        var report = Report(Result("bare", 10, 50), Result("server", micros, bytes));
        Assert.Equal(micros / 10, report.OfBare(report.Results[1])!.Value, 10);
        Assert.Equal(isMet, report.IsMet(report.Results[1]));
        Assert.Null(report.IsMet(report.Results[0]));
    }

    // The bare endpoint costs twice what it does on the machine of the goals, so the official client would cost 42 to 56 µs here.
    [Theory]
    [InlineData(21.0, 1_500, true)]
    [InlineData(21.1, 1_500, false)]
    [InlineData(21.0, 1_501, false)]
    public void A_client_is_held_to_the_best_of_the_official_one_as_it_would_be_on_this_machine(double micros, double bytes, bool isMet)
    {
        var report = Report(Result("bare", 10, 50), Result("unary-50", micros, bytes), Result("unary-50-sockets", micros, bytes));
        Assert.Equal(new OfficialCost(42, 56), report.OfficialHere(report.Results[1].Row));
        Assert.Equal(micros / 42, report.OfOfficial(report.Results[1])!.Value, 10);
        Assert.Equal(isMet, report.IsMet(report.Results[1]));
        Assert.Null(report.IsMet(report.Results[2]));
    }

    [Fact]
    public void Without_the_bare_endpoint_nothing_is_related_to_it_and_nothing_judged()
    {
        var report = Report(Result("server", 10, 100), Result("unary-50", 10, 100));
        Assert.All(report.Results, result => Assert.Equal((null, null, null), (report.OfBare(result), report.OfOfficial(result), report.IsMet(result))));
    }

    [Fact]
    public void The_table_has_the_figures_the_goals_and_the_verdicts()
    {
        var text = Report(Result("bare", 10, 50), Result("server", 10.5, 350.4), Result("unary-50", 30, 1_234), Result("server-streaming", 1.5, 100)).ToMarkdown();
        Assert.StartsWith("conditions\n\n| what | CPU |", text);
        Assert.Contains("| bare endpoint: unary, 4 × 50 | 10.00 µs | 50 B | 1.00 |  |  |  |  |\n", text);
        Assert.Contains("| server: unary, 4 × 50 | 10.50 µs | 350 B | 1.05 | 5.0–5.9 → 10.0–11.8 µs | 1.05 | ≤ 1.1 of bare, ≤ 400 B | met |\n", text);
        Assert.Contains("| client: unary, 50 in flight | 30.00 µs | 1,234 B | 3.00 | 21.0–28.0 → 42.0–56.0 µs | 0.71 | ≤ 0.5 of it, ≤ 1,500 B | **not met** |\n", text);
        Assert.Contains("| client: server streaming, per message | 1.50 µs | 100 B | 0.15 | 1.6 → 3.2 µs | 0.47 |  |  |\n", text);
    }

    [Fact]
    public void A_row_that_failed_and_what_is_missing_are_told()
    {
        Assert.True(Report(Result("bare", 10, 50)).IsComplete);
        var failed = Report(Result("bare", 10, 50), new CallResult(Row("unary-1"), null, null, "3 of 4 calls succeeded\nand more"));
        Assert.False(failed.IsComplete);
        Assert.Contains("\nNo result for unary-1: 3 of 4 calls succeeded\n", failed.ToMarkdown());
        var missing = Report(Result("unary-1", 10, 50)) with { Missing = "'h2load' is not installed" };
        Assert.False(missing.IsComplete);
        Assert.Contains("\n'h2load' is not installed\n", missing.ToMarkdown());
    }

    [Fact]
    public void A_cost_is_read_as_it_is_written()
    {
        var cost = new Cost(4, new ProcessUsage(10.5, 1_000));
        Assert.Equal("4 10.5 1000", cost.ToString());
        Assert.Equal(cost, Cost.Parse(cost.ToString()));
        Assert.Equal((2.625, 250.0), (cost.Micros, cost.Bytes));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0 1 1")]
    [InlineData("5 1")]
    [InlineData("5 1 one")]
    [InlineData("5 1 1 1")]
    public void What_is_no_cost_is_an_error(string text) => Assert.Throws<FormatException>(() => Cost.Parse(text));

    [Fact]
    public void Rows_have_names_of_their_own()
    {
        Assert.Distinct(CallRow.All.Select(r => r.Name));
        Assert.Distinct(CallRow.All.Select(r => r.Title));
    }

    private static CallReport Report(params CallResult[] results) => new(results, "conditions", null);

    private static CallResult Result(string row, double micros, double bytes) => new(Row(row), micros, bytes, null);

    private static CallRow Row(string name) => CallRow.All.Single(r => r.Name == name);
}
