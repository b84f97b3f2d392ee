using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Metering;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Metering;
using RouteGuide.Balancer.Telemetry.Metrics;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Telemetry;

/// <summary>What is counted is right to the last call, and hostile names cannot make it grow.</summary>
public sealed class MetricsTests
{
    private const string Docs = "docs/observability.md";

    [Fact]
    public async Task Calls_of_several_loops_are_counted_exactly()
    {
        await using var one = await KestrelTarget.Start(Answer);
        await using var two = await KestrelTarget.Start(Answer);
        await using var balancer = await BalancerUnderTest.StartWith([one.Url, two.Url], "ADMIN_PORT=0", "Balancer:Loops=3");
        using var tls = BalancerUnderTest.Client();

        // Clients on each loop; some calls fail.
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);
            for (var i = 0; i < 20; i++) await (await client.OpenAsync(Wire.Request(balancer.Plaintext, i % 4 == 0 ? "/test.Service/Fails" : "/test.Service/Call"), end: true)).Ended();
        }));
        for (var i = 0; i < 5; i++)
        {
            using var response = await tls.SendAsync(balancer.Request(), CancellationToken.None);
            await response.Content.ReadAsByteArrayAsync();
        }

        await Eventually.Until(async () => (await Page(balancer))["routeguide_balancer_calls_total{response_flags=\"-\"}"] == 125, "all calls have ended");
        var page = await Page(balancer);
        Assert.Equal(120, page["routeguide_balancer_requests_total{target_group=\"default\",type=\"grpc\"}"]);
        Assert.Equal(5, page["routeguide_balancer_requests_total{target_group=\"default\",type=\"grpcs\"}"]);
        Assert.Equal(95, page["routeguide_balancer_grpc_calls_total{service=\"test.Service\",method=\"Call\",grpc_status=\"OK\"}"]);
        Assert.Equal(30, page["routeguide_balancer_grpc_calls_total{service=\"test.Service\",method=\"Fails\",grpc_status=\"RESOURCE_EXHAUSTED\"}"]);
        Assert.Equal(125, page["routeguide_balancer_target_responses_total{target_group=\"default\",class=\"2xx\"}"]);
        Assert.Equal(125, page["routeguide_balancer_target_response_time_seconds_count{target_group=\"default\"}"]);
        Assert.Equal(125, page["routeguide_balancer_target_response_time_seconds_bucket{target_group=\"default\",le=\"+Inf\"}"]);
        Assert.True(page["routeguide_balancer_target_response_time_seconds_sum{target_group=\"default\"}"] > 0);
        Assert.Equal(125, new[] { one, two }.Sum(t => page[$"routeguide_balancer_target_picks_total{{target_group=\"default\",target=\"{t.Url.Authority}\"}}"]));
        Assert.Equal(125, new[] { one, two }.Sum(t => page[$"routeguide_balancer_target_attempts_total{{target_group=\"default\",target=\"{t.Url.Authority}\",outcome=\"answered\"}}"]));
        Assert.Equal(30, new[] { one, two }.Sum(t => page[$"routeguide_balancer_target_failures_total{{target_group=\"default\",target=\"{t.Url.Authority}\"}}"]));
        Assert.Equal(0, page[$"routeguide_balancer_target_in_flight{{target_group=\"default\",target=\"{one.Url.Authority}\"}}"]);
        Assert.True(page["routeguide_balancer_connections_total"] >= 7);
        Assert.True(page["routeguide_balancer_processed_bytes_total{direction=\"received\"}"] > 125 * 10);

        static async Task Answer(HttpContext context)
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.ContentType = "application/grpc";
            await context.Response.StartAsync();
            context.Response.AppendTrailer("grpc-status", context.Request.Path.Value!.EndsWith("Fails", StringComparison.Ordinal) ? "8" : "0");
        }
    }

    [Fact]
    public async Task What_the_balancer_answers_itself_is_counted_by_code_and_reason()
    {
        await using var balancer = await BalancerUnderTest.StartWith([], "ADMIN_PORT=0");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);

        await (await client.OpenAsync(Wire.Request(balancer.Plaintext), end: true)).Ended();
        await (await client.OpenAsync([(":method", "TRACE"), (":scheme", "http"), (":path", "/"), (":authority", "a")], end: true)).Ended();

        await Eventually.Until(async () => (await Page(balancer))["routeguide_balancer_local_responses_total{code=\"405\",response_flags=\"IR\"}"] == 1, "it is counted");
        var page = await Page(balancer);
        Assert.Equal(1, page["routeguide_balancer_local_responses_total{code=\"503\",response_flags=\"UH\"}"]);
        Assert.Equal(1, page["routeguide_balancer_grpc_calls_total{service=\"other\",method=\"other\",grpc_status=\"UNAVAILABLE\"}"]);
        Assert.DoesNotContain(page.Samples.Keys, k => k.StartsWith("routeguide_balancer_requests_total", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_target_that_cannot_be_connected_to_is_counted_and_states_are_shown()
    {
        await using var live = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([live.Url, new Uri($"http://127.0.0.1:{Ports.Free()}")], "ADMIN_PORT=0");

        await Eventually.Until(async () => (await Page(balancer))["routeguide_balancer_target_connection_errors_total{target_group=\"default\"}"] > 0, "the error is counted");
        var page = await Page(balancer);
        Assert.Equal(1, page["routeguide_balancer_targets{target_group=\"default\",state=\"unhealthy\"}"]);
        Assert.Equal(0, page["routeguide_balancer_ejections_total{target_group=\"default\"}"]);
        for (var i = 0; i < 2; i++) balancer.Targets.Eject(balancer.Targets.Current.Entries[0].Target, "by hand");
        page = await Page(balancer);
        Assert.Equal(1, page["routeguide_balancer_ejections_total{target_group=\"default\"}"]);
        Assert.Equal(1, page["routeguide_balancer_targets{target_group=\"default\",state=\"ejected\"}"]);
        Assert.Equal(0, page["routeguide_balancer_target_tls_errors_total{target_group=\"default\"}"]);
    }

    [Fact]
    public async Task Paths_that_no_target_knows_get_no_name_and_names_are_limited()
    {
        await using var target = RawTarget.Start((_, stream) => stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", stream.Header(":path")!.StartsWith("/known.", StringComparison.Ordinal) ? "0" : "12")], end: true));
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "ADMIN_PORT=0", "Balancer:Metrics:MaxMethods=5");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);
        for (var i = 0; i < 30; i++) await (await client.OpenAsync(Wire.Request(balancer.Plaintext, $"/junk{i}.S/M"), end: true)).Ended();
        for (var i = 0; i < 30; i++) await (await client.OpenAsync(Wire.Request(balancer.Plaintext, $"/known.S{i}/M"), end: true)).Ended();

        await Eventually.Until(async () => (await Page(balancer))["routeguide_balancer_calls_total{response_flags=\"-\"}"] == 60, "all calls have ended");
        var page = await Page(balancer);
        Assert.Equal(30, page["routeguide_balancer_grpc_calls_total{service=\"other\",method=\"other\",grpc_status=\"UNIMPLEMENTED\"}"]);
        Assert.Equal(25, page["routeguide_balancer_grpc_calls_total{service=\"other\",method=\"other\",grpc_status=\"OK\"}"]);
        Assert.Equal(5, page.Samples.Keys.Count(k => k.StartsWith("routeguide_balancer_grpc_calls_total{service=\"known.", StringComparison.Ordinal)));
        Assert.DoesNotContain(page.Samples.Keys, k => k.Contains("junk", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/a/b", true)]
    [InlineData("/package.v1.Service/Method_2", true)]
    [InlineData("/a/b/c", false)]
    [InlineData("/a/", false)]
    [InlineData("//b", false)]
    [InlineData("/a", false)]
    [InlineData("a/b", false)]
    [InlineData("/a/b?c", false)]
    [InlineData("/a/\"b", false)]
    public void Only_what_looks_like_a_method_gets_a_name(string path, bool expected)
    {
        var book = new MethodBook(1);
        Assert.Equal(expected, book.TryAdd(Encoding.ASCII.GetBytes(path), out _));
        Assert.Equal(expected, book.Find(Encoding.ASCII.GetBytes(path)) is not null);
        Assert.False(book.TryAdd(Encoding.ASCII.GetBytes("/second/one"), out _) && expected);
        Assert.False(book.TryAdd(Encoding.ASCII.GetBytes("/" + new string('a', 300) + "/b"), out _));
    }

    [Fact]
    public void Labels_and_help_are_escaped()
    {
        var family = new MetricFamily("a.b", MetricKind.Counter, "By", "line\nwith \\", ["l"], to => to.Add(1.5, "say \"hi\"\\\n"));
        var page = PrometheusPage.Write([family]);
        Assert.Equal("# HELP a_b_bytes_total line\\nwith \\\\\n# TYPE a_b_bytes_total counter\na_b_bytes_total{l=\"say \\\"hi\\\"\\\\\\n\"} 1.5\n", page);
        _ = new PrometheusText(page);
    }

    [Fact]
    public async Task Listeners_of_the_meter_see_the_same_numbers_and_each_response_time()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "ADMIN_PORT=0");
        using var listener = new MeterListener();
        var (recorded, sums) = (0, new Dictionary<string, double>());
        var own = new HashSet<Instrument>();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name != BalancerMeter.Name) return;
            l.EnableMeasurementEvents(instrument);
            lock (own) own.Add(instrument);
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            if (instrument is Histogram<double>) Interlocked.Increment(ref recorded);
            else lock (sums) sums[instrument.Name] = sums.GetValueOrDefault(instrument.Name) + value;
        });
        listener.Start();
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);

        for (var i = 0; i < 10; i++) await (await client.OpenAsync(Wire.Request(balancer.Plaintext), end: true)).Ended();

        await Eventually.Until(() => Volatile.Read(ref recorded) >= 10, "each response time is recorded");
        listener.RecordObservableInstruments();
        // Other tests' balancers are in this process too.
        Assert.True(sums["routeguide.balancer.requests"] >= 10);
        Assert.Equal(balancer.Seen.Metrics.Families.Where(f => f.Name != "routeguide.balancer.call.time").Select(f => f.Name).Order(), own.Select(i => i.Name).Distinct().Order());
        Assert.All(own, i => Assert.False(string.IsNullOrEmpty(i.Unit) || string.IsNullOrEmpty(i.Description)));
    }

    [Fact]
    public async Task The_documentation_lists_exactly_the_metrics_that_there_are()
    {
        await using var balancer = await BalancerUnderTest.StartWith([], "ADMIN_PORT=0");
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, Docs));
        foreach (var family in balancer.Seen.Metrics.Families)
        {
            var labels = family.Labels.Length == 0 ? "" : string.Join(", ", family.Labels.Select(l => $"`{l}`"));
            Assert.Contains($"| `{family.PrometheusName}` | {family.Kind.ToString().ToLowerInvariant()} | {labels} | {family.Help} |", text, StringComparison.Ordinal);
        }

        Assert.Equal(balancer.Seen.Metrics.Families.Count, text.Split('\n').Count(l => l.StartsWith("| `routeguide_balancer_", StringComparison.Ordinal)));
    }

    [Fact]
    public void Quantiles_are_near_and_old_values_fade()
    {
        Assert.Equal(Enumerable.Range(0, LatencyBuckets.Count), Enumerable.Range(0, LatencyBuckets.Count).Select(i => LatencyBuckets.IndexOf(LatencyBuckets.LeastOf(i))));
        Assert.All(Enumerable.Range(1, LatencyBuckets.Count - 1), i => Assert.Equal(i - 1, LatencyBuckets.IndexOf(LatencyBuckets.LeastOf(i) - 1)));
        var window = new LatencyWindow();
        for (var i = 1; i <= 1000; i++) window.Add(i * 10, now: 1_000, frequency: 1_000);
        var sums = new long[LatencyBuckets.Count];
        Assert.Equal(1, window.AddTo(sums, 1_500, 1_000));
        Assert.InRange(LatencyBuckets.Quantile(sums, 0.99), 9_900 * 0.875, 9_900 * 1.125);
        Assert.InRange(LatencyBuckets.Quantile(sums, 0.5), 5_000 * 0.875, 5_000 * 1.125);

        window.Add(7, now: 12_000, frequency: 1_000);
        sums = new long[LatencyBuckets.Count];
        Assert.Equal(12, window.AddTo(sums, 13_000, 1_000));
        Assert.Equal(1001, sums.Sum());
        Assert.True(window.AddTo(sums = new long[LatencyBuckets.Count], 22_000, 1_000) > 0);
        Assert.Equal(1, sums.Sum());
        Assert.Equal(0, window.AddTo(sums = new long[LatencyBuckets.Count], 40_000, 1_000));
        Assert.Equal((0, double.NaN), (sums.Sum(), LatencyBuckets.Quantile(sums, 0.5)));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(250, 0)]
    [InlineData(251, 1)]
    [InlineData(1_000, 2)]
    [InlineData(1_001, 3)]
    [InlineData(60_000_000, 16)]
    [InlineData(60_000_001, 17)]
    [InlineData(long.MaxValue / 2, 17)]
    public void A_duration_is_counted_below_the_bound_that_includes_it(long microseconds, int expected)
    {
        var counts = new DurationCounts();
        counts.Add(microseconds);
        Assert.Equal(expected, counts.Counts.IndexOf(1));
        Assert.Equal(microseconds, counts.Sum);
    }

    [Theory]
    [InlineData(0, 100, 100, 50, 0)] // begun when the first ended: a retry
    [InlineData(0, 100, 99, 50, 1)] // begun while it ran: a hedge
    public void A_hedge_is_told_from_a_retry(long firstAt, long firstFor, long secondAt, long secondFor, long expected)
    {
        var group = new TargetGroup("g", ProtocolVersion.Http2, 0);
        var target = new Target("t", TargetAddress.TryParse("http://127.0.0.1:1", out var address, out _) ? address : throw new InvalidOperationException(), leased: false);
        var report = new ExchangeReport
        {
            Client = new ClientOrigin(new IPEndPoint(IPAddress.Loopback, 1), new IPEndPoint(IPAddress.Loopback, 2), isTls: false, []),
            Type = CallType.H2,
            End = ExchangeEnd.Completed,
            Group = new ProxyGroup(group, new RoundRobin(), new SuspectWatch(group.Targets, probes: false, TimeProvider.System, NullLogger<SuspectWatch>.Instance)),
            Tries = [Try(firstAt, firstFor), Try(secondAt, secondFor)],
        };

        new MeterBook().NewLoop().OnCall(in report);

        Assert.Equal((1, expected), (group.Counts.Sum(c => c.Retries), group.Counts.Sum(c => c.Hedges)));

        AttemptReport Try(long at, long duration) => new(target, new CallOutcome(OutcomeKind.Answered, IsGrpc: false, 200, 1, duration), at, at);
    }

    internal static async Task<PrometheusText> Page(BalancerUnderTest balancer)
    {
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri(balancer.Admin, "/metrics"));
        Assert.Equal((HttpStatusCode.OK, PrometheusPage.ContentType), (response.StatusCode, response.Content.Headers.ContentType!.ToString()));
        return new PrometheusText(await response.Content.ReadAsStringAsync());
    }
}
