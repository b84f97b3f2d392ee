using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using Grpc.Core;
using Grpc.Net.Client;
using Routeguide;
using RouteGuide.Tests.Grpc.Server;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc;

/// <summary>What calls tell those who listen: spans, meters and event counters, under the official names.</summary>
public sealed class TelemetryTests
{
    private const string Method = "routeguide.RouteGuide/GetFeature";

    [Theory]
    [InlineData(StatusCode.OK)]
    [InlineData(StatusCode.NotFound)]
    public async Task A_call_is_a_span_with_the_official_name_and_tags(StatusCode code)
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Grpc.Net.Client",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var root = new Activity("test").Start();

        await CallAsync(code);

        Assert.Same(root, Activity.Current);
        var span = Assert.Single(spans, s => s.TraceId == root.TraceId);
        Assert.Equal(("Grpc.Net.Client.GrpcOut", ActivityKind.Client, Method), (span.OperationName, span.Kind, span.DisplayName));
        Assert.Equal(root.SpanId, span.ParentSpanId);
        Assert.Equal("grpc", span.GetTagItem("rpc.system"));
        Assert.Equal("routeguide.RouteGuide", span.GetTagItem("rpc.service"));
        Assert.Equal("GetFeature", span.GetTagItem("rpc.method"));
        Assert.Equal((int)code, span.GetTagItem("rpc.grpc.status_code"));
        Assert.Equal($"/{Method}", span.GetTagItem("grpc.method"));
        Assert.Equal((int)code, span.GetTagItem("grpc.status_code"));
        Assert.Equal(code == StatusCode.OK ? ActivityStatusCode.Unset : ActivityStatusCode.Error, span.Status);
    }

    [Fact]
    public async Task The_meters_of_both_sides_count_and_time_calls()
    {
        var seen = new ConcurrentQueue<(string Instrument, double Value, string? Method, string? Status, string? Target)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name is "Grpc.Net.Client" or "Grpc.AspNetCore.Server") l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.Start();

        var target = await CallAsync(StatusCode.DataLoss);

        // Other tests of this process make calls too: ours have a status of their own, or our target.
        await Eventually.Until(() => seen.Any(s => s is { Instrument: "grpc.server.call.duration", Status: "DATA_LOSS" }), "the server has measured the call");
        Assert.Contains(seen, s => s is { Instrument: "grpc.server.call.duration", Status: "DATA_LOSS", Method: Method } && s.Value > 0);
        Assert.Contains(seen, s => s is { Instrument: "grpc.server.call.started", Method: Method });
        Assert.Contains(seen, s => s.Instrument == "grpc.client.attempt.started" && s.Target == target);
        Assert.Contains(seen, s => s is { Instrument: "grpc.client.attempt.duration", Status: "DATA_LOSS", Method: Method } && s.Target == target && s.Value > 0);

        void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var byName = tags.ToArray().ToDictionary(t => t.Key, t => t.Value as string);
            seen.Enqueue((instrument.Name, value, byName.GetValueOrDefault("grpc.method"), byName.GetValueOrDefault("grpc.status"), byName.GetValueOrDefault("grpc.target")));
        }
    }

    [Theory]
    [InlineData("Grpc.AspNetCore.Server", new[] { "total-calls", "current-calls", "calls-failed", "calls-deadline-exceeded", "messages-sent", "messages-received", "calls-unimplemented" })]
    [InlineData("Grpc.Net.Client", new[] { "total-calls", "current-calls", "calls-failed", "calls-deadline-exceeded", "messages-sent", "messages-received" })]
    public async Task The_event_counters_have_the_official_names_and_grow_with_calls(string source, string[] names)
    {
        await CallAsync(StatusCode.OK);
        using var listener = new Counters(source);
        await Eventually.Until(() => names.All(listener.Values.ContainsKey), $"all counters of {source} are told", TimeSpan.FromSeconds(120));
        Assert.Equal(names.Order(), listener.Values.Keys.Order());

        var (total, failed, sent) = (listener.Values["total-calls"], listener.Values["calls-failed"], listener.Values["messages-sent"]);
        await CallAsync(StatusCode.OK);
        await CallAsync(StatusCode.NotFound);
        await Eventually.Until(
            () => listener.Values["total-calls"] >= total + 2 && listener.Values["calls-failed"] >= failed + 1 && listener.Values["messages-sent"] >= sent + 1,
            "the counters have grown",
            TimeSpan.FromSeconds(120));
    }

    /// <summary>Makes one unary call that ends so; returns the channel's target.</summary>
    private static async Task<string> CallAsync(StatusCode code)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = (point, _) => code == StatusCode.OK ? Task.FromResult(new Feature { Location = point }) : throw new RpcException(new Status(code, "as told")),
        });
        using var channel = GrpcChannel.ForAddress(host.Address);
        using var call = new Routeguide.RouteGuide.RouteGuideClient(channel).GetFeatureAsync(new Point());
        await ((Task)call.ResponseAsync).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.Equal(code, call.GetStatus().StatusCode);
        return channel.Target;
    }

    private sealed class Counters(string source) : EventListener
    {
        public ConcurrentDictionary<string, double> Values { get; } = [];

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == source)
                EnableEvents(eventSource, EventLevel.Informational, EventKeywords.All, new Dictionary<string, string?> { ["EventCounterIntervalSec"] = "1" });
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName != "EventCounters" || eventData.Payload is not [IDictionary<string, object?> counter, ..]) return;
            Values[(string)counter["Name"]!] = Convert.ToDouble(counter["Mean"], System.Globalization.CultureInfo.InvariantCulture);
        }
    }
}
