using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Routeguide;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.ServiceDefaults;

/// <summary>What a service sends by OTLP when an app host says where to.</summary>
public sealed partial class TelemetryTests : IAsyncLifetime
{
    private readonly ConcurrentBag<(string Path, string Body, string Key)> _received = [];
    private WebApplication _collector = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        _collector = builder.Build();
        _collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            // Latin-1 keeps every byte, so that texts inside the protobuf can be looked for.
            _received.Add((context.Request.Path.Value!, Encoding.Latin1.GetString(body.ToArray()), context.Request.Headers["x-otlp-api-key"].ToString()));
            if (context.Request.Protocol == "HTTP/2")
            {
                context.Response.ContentType = "application/grpc";
                await context.Response.Body.WriteAsync(new byte[5]);
                context.Response.AppendTrailer("grpc-status", "0");
            }
        });
        await _collector.StartAsync();
    }

    public async ValueTask DisposeAsync() => await _collector.DisposeAsync();

    [Theory]
    [InlineData("http/protobuf", 0, "/v1/traces", "/v1/metrics", "/v1/logs")]
    [InlineData(
        "grpc",
        1,
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export")]
    public async Task A_replica_sends_its_spans_metrics_and_logs_under_its_own_name(string protocol, int listener, string traces, string metrics, string logs)
    {
        await using var server = RunningProcess.StartProject("RouteGuide.Server", [], new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["OTEL_SERVICE_NAME"] = "server",
            ["OTEL_RESOURCE_ATTRIBUTES"] = "service.instance.id=abcdefgh",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _collector.Urls.ElementAt(listener),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-otlp-api-key=secret",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
            ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
        });
        var line = await server.WaitForOutput(text => Address().IsMatch(text), "the line that says where it listens");
        using var channel = GrpcChannel.ForAddress(Address().Match(line).Groups[1].Value);
        await new Routeguide.RouteGuide.RouteGuideClient(channel).GetFeatureAsync(new Point());

        await Sent(traces, "routeguide.RouteGuide/GetFeature");
        await Sent(metrics, "http.server.request.duration");
        await Sent(logs, "answers on");
    }

    [Fact]
    public async Task The_last_spans_are_sent_when_the_process_ends()
    {
        await using var server = RunningProcess.StartProject("RouteGuide.Server", [], new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["OTEL_SERVICE_NAME"] = "server",
            ["OTEL_RESOURCE_ATTRIBUTES"] = "service.instance.id=abcdefgh",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _collector.Urls.First(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-otlp-api-key=secret",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "600000",
        });
        var line = await server.WaitForOutput(text => Address().IsMatch(text), "the line that says where it listens");
        using (var channel = GrpcChannel.ForAddress(Address().Match(line).Groups[1].Value))
        {
            await new Routeguide.RouteGuide.RouteGuideClient(channel).GetFeatureAsync(new Point());
        }

        server.Signal("TERM");
        Assert.Equal(0, await server.WaitForExit());

        await Sent("/v1/traces", "routeguide.RouteGuide/GetFeature");
    }

    private Task Sent(string path, string text) => Eventually.Until(
        () => _received.Any(one => one.Path == path && one.Key == "secret" && one.Body.Contains(text, StringComparison.Ordinal)
            && one.Body.Contains("abcdefgh", StringComparison.Ordinal)),
        $"'{text}' sent to {path}; came: {string.Join(", ", _received.Select(one => one.Path).Distinct())}");

    [GeneratedRegex("answers on (http://127.0.0.1:[0-9]+)")]
    private static partial Regex Address();
}
