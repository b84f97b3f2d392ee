using RouteGuide.Bench.Measuring;

namespace RouteGuide.Tests.Bench;

/// <summary>What h2load prints, and when a run counts for nothing.</summary>
public sealed class H2LoadReportTests
{
    private const string Output =
        """
        starting benchmark...
        spawning thread #0: 4 total client(s). 200 total requests
        TLS Protocol: TLSv1.3
        Application protocol: h2
        progress: 100% done

        finished in 3.46ms, 57753.39 req/s, 5.51MB/s
        requests: 200 total, 200 started, 200 done, 200 succeeded, 0 failed, 0 errored, 0 timeout
        status codes: 200 2xx, 0 3xx, 0 4xx, 0 5xx
        traffic: 19.53KB (20000) total, 1.43KB (1464) headers (space savings 88.91%), 15.63KB (16000) data
                             min         max         mean         sd        +/- sd
        time for request:      312us      1.42ms       713us       241us    66.50%
        """;

    [Fact]
    public void The_summary_is_read()
    {
        var report = H2LoadReport.Parse(Output);
        Assert.Equal(new H2LoadReport(57753.39, Total: 200, Started: 200, Succeeded: 200, Failed: 0, Errored: 0, TimedOut: 0, DataBytes: 16_000), report);
        Assert.Null(report.Complaint(bytesPerCall: 80));
    }

    [Fact]
    public void A_call_that_failed_makes_the_run_count_for_nothing()
    {
        var report = H2LoadReport.Parse(Output.Replace("200 succeeded, 0 failed, 0 errored", "199 succeeded, 1 failed, 1 errored"));
        Assert.Contains("199 of 200 calls succeeded", report.Complaint(bytesPerCall: 80));
    }

    [Fact]
    public void Fewer_octets_than_are_due_make_the_run_count_for_nothing_though_every_status_was_200()
    {
        Assert.Contains("16,000 octets of DATA came for 200 calls, 20,000 are due", H2LoadReport.Parse(Output).Complaint(bytesPerCall: 100));
    }

    [Theory]
    [InlineData("finished in")]
    [InlineData("requests: ")]
    [InlineData("traffic: ")]
    public void An_output_without_its_summary_is_told(string missing)
    {
        var lines = Output.Split('\n').Where(line => !line.StartsWith(missing, StringComparison.Ordinal));
        Assert.Throws<FormatException>(() => H2LoadReport.Parse(string.Join('\n', lines)));
    }

    [Fact]
    public void Percentiles_are_those_of_the_nearest_rank()
    {
        var lines = Enumerable.Range(1, 200).Reverse().Select(i => $"1795267000000000\t200\t{i * 10}\n");
        var times = LatencyLog.Parse(System.Text.Encoding.ASCII.GetBytes(string.Concat(lines)));
        Assert.Equal((200, 1.0, 1.98, 2.0), (times.Count, times.Percentile(0.5), times.Percentile(0.99), times.Percentile(1)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1795267000000000\t200\tsoon\n")]
    [InlineData("1795267000000000\t200\t12us\n")]
    public void A_log_that_is_none_is_told(string log) =>
        Assert.Throws<FormatException>(() => LatencyLog.Parse(System.Text.Encoding.ASCII.GetBytes(log)));
}
