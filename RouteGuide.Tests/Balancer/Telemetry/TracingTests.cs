using System.Collections.Concurrent;
using System.Diagnostics;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Telemetry;

/// <summary>A span for each call that is sampled, between the client's and the server's.</summary>
[Collection(nameof(Spans))]
public sealed class TracingTests : IDisposable
{
    private readonly ConcurrentBag<Activity> _spans = [];
    private readonly ActivityListener _listener;
    private readonly string _method = $"M{Guid.NewGuid():N}";

    public TracingTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "RouteGuide.Balancer",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                // Other tests' calls are spans too.
                if (span.DisplayName.EndsWith(_method, StringComparison.Ordinal)) _spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    [Fact]
    public async Task A_span_hangs_below_the_clients_and_above_the_servers()
    {
        var received = new ConcurrentQueue<string>();
        await using var target = await KestrelTarget.Start(context =>
        {
            received.Enqueue(context.Request.Headers.TraceParent!);
            return KestrelTarget.Answer(context);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);
        var (trace, parent) = (new string('a', 32), new string('b', 16));

        await Call(client, balancer, ("traceparent", $"00-{trace}-{parent}-01"));

        await Eventually.Until(() => _spans.Count == 1, "the span has ended");
        var span = _spans.Single();
        Assert.Equal((trace, parent, ActivityKind.Server, ActivityStatusCode.Unset), (span.TraceId.ToString(), span.ParentSpanId.ToString(), span.Kind, span.Status));
        Assert.Equal($"00-{trace}-{span.SpanId}-01", received.Single());
        Assert.Equal($"test.Service/{_method}", span.DisplayName);
        Assert.Equal(
            ("grpc", "test.Service", _method, 0, target.Url.Authority, "default", "RoundRobin", 1, 200),
            (span.GetTagItem("rpc.system"), span.GetTagItem("rpc.service"), span.GetTagItem("rpc.method"), span.GetTagItem("rpc.grpc.status_code"), span.GetTagItem("routeguide.target"), span.GetTagItem("routeguide.target_group"), span.GetTagItem("routeguide.algorithm"), span.GetTagItem("routeguide.attempts"), span.GetTagItem("http.response.status_code")));
        Assert.Empty(span.Events);
    }

    [Fact]
    public async Task Attempts_are_events()
    {
        await using var refusing = RawTarget.Start((_, stream) => stream.ResetAsync(Wire.RefusedStream));
        await using var balancer = await BalancerUnderTest.Start(refusing.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);

        await Call(client, balancer);

        await Eventually.Until(() => _spans.Count == 1, "the span has ended");
        var span = _spans.Single();
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal(span.GetTagItem("routeguide.attempts"), span.Events.Count());
        Assert.True(span.Events.Count() > 1);
        Assert.All(span.Events, e => Assert.Equal(("attempt", "Refused"), (e.Name, e.Tags.Single(t => t.Key == "routeguide.outcome").Value)));
    }

    [Theory]
    [InlineData("0", null, 0)]
    [InlineData("1", null, 5)]
    [InlineData("0", "01", 5)]
    [InlineData("1", "00", 0)]
    public async Task The_client_decides_else_the_ratio(string ratio, string? flags, int expected)
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], $"Balancer:Tracing:SampleRatio={ratio}");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Plaintext);

        for (var i = 0; i < 5; i++) await Call(client, balancer, flags is null ? [] : [("traceparent", $"00-{new string('a', 32)}-{new string('b', 16)}-{flags}")]);

        await Eventually.Until(() => balancer.Seen.Book.Sum(l => l.ByEnd[0]) == 5, "the calls have ended");
        await Eventually.Until(() => _spans.Count == expected, $"{expected} spans");
    }

    public void Dispose() => _listener.Dispose();

    private async Task Call(RawHttp2Connection client, BalancerUnderTest balancer, params (string, string)[] fields) =>
        await (await client.OpenAsync(Wire.Request(balancer.Plaintext, $"/test.Service/{_method}", fields), end: true)).Ended();

    /// <summary>Whoever listens to spans does so for the whole process, and others measure what calls cost without.</summary>
    [CollectionDefinition(nameof(Spans), DisableParallelization = true)]
    public sealed class Spans;
}
