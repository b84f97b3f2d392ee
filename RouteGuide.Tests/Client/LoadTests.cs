using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;
using RouteGuide.Client.Cli;
using RouteGuide.Client.Load;
using RouteGuide.Client.Terminal;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Client;

/// <summary>The command load: what it measures, and how it tells.</summary>
public sealed class LoadTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.Start();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("GetFeature")]
    [InlineData("ListFeatures")]
    [InlineData("RecordRoute")]
    [InlineData("routechat")]
    [InlineData("routeguide.RouteGuide/GetFeature")]
    public async Task Makes_as_many_calls_as_asked_and_tells_who_answered(string method)
    {
        var result = await Run("load", "--method", method, "--requests", "60", "--concurrency", "7", "--connections", "3", "--json");
        var report = JsonNode.Parse(result.Output)!;
        Assert.Equal(0, result.Code);
        Assert.Equal((60, 0, 60), ((int)report["calls"]!, (int)report["failed"]!, (int)report["statuses"]!["OK"]!));
        var replica = Assert.Single(report["replicas"]!.AsArray())!;
        Assert.Equal((60, 1.0), ((int)replica["calls"]!, (double)replica["share"]!));
        Assert.Equal(60, report["histogram"]!.AsArray().Sum(row => (int)row!["calls"]!));
        Assert.True((double)report["latencyMs"]!["p50"]! <= (double)report["latencyMs"]!["max"]!);
    }

    [Fact]
    public async Task Starts_calls_at_a_rate()
    {
        var result = await Run("load", "--requests", "40", "--rate", "1000", "--json");
        Assert.Equal((0, 40), (result.Code, (int)JsonNode.Parse(result.Output)!["calls"]!));
    }

    [Fact]
    public async Task Ends_with_1_where_calls_failed_and_says_how()
    {
        var result = await Run("load", "--method", "routeguide.RouteGuide/GetFeature", "-d", """{"latitude": 1900000000}""", "-n", "20");
        Assert.Equal(ExitCode.CallFailed, result.Code);
        Assert.Contains("20 calls in ", result.Output);
        Assert.Contains("20 failed", result.Output);
        Assert.Matches("INVALID_ARGUMENT +20 +100.0 %", result.Output);
        Assert.DoesNotContain('\u001b', result.Output + result.Error);
    }

    [Fact]
    public async Task Ends_with_the_summary_so_far_when_it_is_interrupted()
    {
        await using var server = await TestServer.StartAsync();
        using var stop = new CancellationTokenSource();
        var running = CommandLine.RunAsync(server.Address, "", ["load", "--method", "routeguide.tests.EverythingService/Echo", "--duration", "0"], stop.Token);
        await Eventually.Until(() => server.Seen.Echoes > 50 || running.IsCompleted, "some calls", TimeSpan.FromMinutes(2));
        await stop.CancelAsync();
        var result = await running;
        Assert.Equal(ExitCode.Interrupted, result.Code);
        Assert.Contains("; interrupted\n", result.Output);
        Assert.Matches("(?m)^OK +[0-9,]+ +100.0 %$", result.Output);
    }

    [Fact]
    public async Task Keeps_a_table_up_to_date_on_a_terminal()
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var console = new ClientConsole(output, error, () => Stream.Null) { IsTerminal = true };
        Assert.Equal(0, await ClientCommand.InvokeAsync(["load", "-n", "30", "--address", $"{_server.Address}"], console));
        Assert.Contains("so far", output.ToString());
        Assert.Contains("\u001b[", output.ToString());
        Assert.Contains("30 calls in ", output.ToString());
        Assert.Equal("", error.ToString());
    }

    [Theory]
    [InlineData("--concurrency: '0' is not a whole number from 1 to 10000.", "--concurrency", "0")]
    [InlineData("--connections: '2000' is not a whole number from 1 to 1000.", "--connections", "2000")]
    [InlineData("--rate: 'fast' is not a number from 0.01 to 1000000.", "--rate", "fast")]
    [InlineData("--requests: '-1' is not a whole number from 1 to", "--requests", "-1")]
    [InlineData("--duration: '2d' is not a time such as", "--duration", "2d")]
    [InlineData("--method: 'GetFeatures' is not one of GetFeature, ListFeatures, RecordRoute, RouteChat, nor package.Service/Method.", "--method", "GetFeatures")]
    [InlineData("--data: GetFeature has messages of its own", "--data", "{}")]
    public async Task Says_what_is_wrong_with_the_command_line(string said, params string[] args)
    {
        var result = await Run(["load", .. args]);
        Assert.Contains(said, result.Error);
        Assert.Equal(ExitCode.Usage, result.Code);
    }

    [Fact]
    public async Task Says_at_once_that_nobody_answers() =>
        Assert.Equal(ExitCode.Unreachable, (await CommandLine.RunAsync(new Uri($"http://127.0.0.1:{Ports.Free()}"), "load", "--duration", "0")).Code);

    [Fact]
    public async Task With_a_rate_latency_counts_from_when_a_call_was_due()
    {
        // Ten calls a second by one caller: the first takes a second, the others no time. Those that were due meanwhile waited for it.
        var time = new ManualTime();
        var statistics = new LoadStatistics();
        var first = true;
        var invoker = new Instant(() =>
        {
            if (first) time.Advance(TimeSpan.FromSeconds(1));
            first = false;
        });
        var settings = new LoadSettings("m", null, 1, 1, 10, null, 5, null, [], false);
        await new LoadGenerator(settings, new LoadCall(LoadCall.Describe("s", "m", MethodType.Unary), () => [[]]), [invoker], statistics, time).RunAsync(CancellationToken.None);
        var latencies = statistics.Snapshot().Latencies;
        Assert.Equal(5, latencies.Count);
        Assert.Equal(TimeSpan.FromSeconds(1), latencies.Max);
        // 1.0, 0.9, 0.8, 0.7 and 0.6 s.
        Assert.Equal(TimeSpan.FromSeconds(0.8), latencies.Mean);
    }

    [Fact]
    public void Percentiles_are_off_by_less_than_two_percent() => Check.One(
        Config.QuickThrowOnFailure,
        Prop.ForAll(Gen.Choose(1, 2_000_000_000).NonEmptyListOf().ToArbitrary(), values =>
        {
            var histogram = new LatencyHistogram();
            foreach (var value in values) histogram.Add(TimeSpan.FromMicroseconds(value));
            var sorted = values.Order().ToArray();
            foreach (var share in (double[])[0.01, 0.5, 0.9, 0.99, 1])
            {
                var exact = sorted[Math.Max(1, (int)Math.Ceiling(share * sorted.Length)) - 1];
                Assert.InRange(histogram.Snapshot().Percentile(share).TotalMicroseconds, exact - 1, (exact * 1.016) + 1);
            }

            Assert.Equal(values.Count, histogram.Snapshot().Rows(7).Sum(row => row.Count));
            Assert.InRange(histogram.Snapshot().Rows(7).Count, 1, 7);
        }));

    [Fact]
    public void Replicas_without_end_are_counted_together()
    {
        var statistics = new LoadStatistics();
        for (var i = 0; i < 5_000; i++) statistics.Add(StatusCode.OK, $"replica-{i}", TimeSpan.Zero);
        statistics.Add((StatusCode)99, new string('x', 5_000), TimeSpan.Zero);
        var snapshot = statistics.Snapshot();
        Assert.InRange(snapshot.Replicas.Count, 2, 300);
        Assert.Equal(5_001, snapshot.Replicas.Sum(replica => replica.Count));
        Assert.Contains(snapshot.Statuses, pair => pair is (StatusCode.Unknown, 1));
    }

    private Task<CommandLine.Result> Run(params string[] args) => CommandLine.RunAsync(_server.Address, args);

    /// <summary>Answers a unary call in the moment in which it is made.</summary>
    private sealed class Instant(Action onCall) : CallInvoker
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        {
            onCall();
            return new AsyncUnaryCall<TResponse>(Task.FromResult((TResponse)(object)Array.Empty<byte>()), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
        }

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();
    }
}
