extern alias dashboard;

using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using dashboard::OpenTelemetry.Proto.Collector.Trace.V1;
using dashboard::OpenTelemetry.Proto.Trace.V1;
using dashboard::RouteGuide.Dashboard.Otlp;
using dashboard::RouteGuide.Dashboard.Settings;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using RouteGuide.Tests.Support;
using Span = dashboard::OpenTelemetry.Proto.Trace.V1.Span;
using StatusCode = Grpc.Core.StatusCode;

namespace RouteGuide.Tests.Dashboard;

public sealed class OtlpTests : IAsyncLifetime
{
    private const string Trace = "5b8efff798038103d269b633813fc60c";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private RunningDashboard _dashboard = null!;
    private HttpClient _browser = null!;

    public async ValueTask InitializeAsync()
    {
        _dashboard = await RunningDashboard.Start();
        _browser = await _dashboard.LoggedIn();
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _dashboard.DisposeAsync();
    }

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task The_official_exporter_is_understood(OtlpExportProtocol protocol)
    {
        void Configure(OtlpExporterOptions options, string signal)
        {
            options.Protocol = protocol;
            options.Endpoint = protocol == OtlpExportProtocol.Grpc ? _dashboard.OtlpGrpc : new Uri(_dashboard.OtlpHttp, $"/v1/{signal}");
            options.ExportProcessorType = ExportProcessorType.Simple;
            options.TimeoutMilliseconds = (int)Patience.TotalMilliseconds;
            options.Headers = $"x-otlp-api-key={RunningDashboard.Key}";
        }

        var name = $"Tests.{protocol}";
        var resource = ResourceBuilder.CreateEmpty().AddService("exporter", serviceInstanceId: "abcdefgh");
        using var source = new ActivitySource(name);
        using var meter = new Meter(name);
        string? traceId;
        using (Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(name).AddOtlpExporter(options => Configure(options, "traces")).Build())
        using (var metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(name).AddOtlpExporter(options => Configure(options, "metrics")).Build())
        using (var logs = LoggerFactory.Create(builder => builder.AddOpenTelemetry(log => log.SetResourceBuilder(resource).AddOtlpExporter((options, processor) =>
        {
            Configure(options, "logs");
            processor.ExportProcessorType = ExportProcessorType.Simple;
        }))))
        {
            using var activity = source.StartActivity("work", ActivityKind.Server);
            Assert.NotNull(activity);
            activity.SetTag("answer", 42);
            activity.AddEvent(new ActivityEvent("half way"));
            traceId = activity.TraceId.ToHexString();
            logs.CreateLogger("Kitchen").LogWarning(new InvalidOperationException("too hot"), "The oven has {Degrees} degrees", 300);
            meter.CreateCounter<long>("meals").Add(3, KeyValuePair.Create<string, object?>("kind", "soup"));
            Assert.True(metrics.ForceFlush((int)Patience.TotalMilliseconds));
        }

        JsonObject? trace = null;
        await Eventually.Until(async () => (trace = await Get($"/api/traces/{traceId}")) is not null, "the trace", Patience);
        var span = Assert.Single(trace!["spans"]!.AsArray())!;
        Assert.Equal("work", span["name"]!.GetValue<string>());
        Assert.Equal("Server", span["kind"]!.GetValue<string>());
        Assert.Equal("exporter-abcdefgh", span["resource"]!.GetValue<string>());
        Assert.Contains(span["attributes"]!.AsArray(), attribute => attribute!["key"]!.GetValue<string>() == "answer" && attribute["value"]!.GetValue<string>() == "42");
        Assert.Equal("half way", Assert.Single(span["events"]!.AsArray())!["name"]!.GetValue<string>());

        JsonNode? log = null;
        await Eventually.Until(async () => (log = (await Get("/api/logs?resource=exporter"))!["items"]!.AsArray().FirstOrDefault()) is not null, "the log record", Patience);
        Assert.Equal("Warning", log!["level"]!.GetValue<string>());
        Assert.Equal("Kitchen", log["category"]!.GetValue<string>());
        Assert.Contains("too hot", log["exception"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(traceId, log["traceId"]!.GetValue<string>());

        JsonObject? series = null;
        await Eventually.Until(async () => (series = await Get($"/api/metrics/series?resource=exporter-abcdefgh&meter={name}&instrument=meals")) is not null, "the counter", Patience);
        Assert.Equal("counter", series!["kind"]!.GetValue<string>());
        Assert.Equal("kind", Assert.Single(series["dimensions"]!.AsArray())!["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task Json_has_hexadecimal_ids()
    {
        const string Body = $$$$"""
            {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"script"}}]},"scopeSpans":[{"scope":{"name":"s","version":"1"},"spans":[
              {"traceId":"{{{{Trace}}}}","spanId":"eee19b7ec3c1b174","parentSpanId":"eee19b7ec3c1b173","name":"GET","kind":3,"startTimeUnixNano":"1544712660000000123","endTimeUnixNano":"1544712661000000123",
               "attributes":[{"key":"list","value":{"arrayValue":{"values":[{"intValue":"1"},{"boolValue":true}]}}}],"status":{"code":2,"message":"no"},"somethingNew":1}]}]}]}
            """;
        using var answer = await Post("/v1/traces", Encoding.UTF8.GetBytes(Body), OtlpHttp.JsonType);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(OtlpHttp.JsonType, answer.Content.Headers.ContentType?.MediaType);
        var span = Assert.Single((await Get($"/api/traces/{Trace}"))!["spans"]!.AsArray())!;
        Assert.Equal("eee19b7ec3c1b174", span["id"]!.GetValue<string>());
        Assert.Equal("eee19b7ec3c1b173", span["parentId"]!.GetValue<string>());
        Assert.Equal("Error", span["status"]!.GetValue<string>());
        Assert.Equal("2018-12-13T14:51:00.000000123Z", span["start"]!.GetValue<string>());
        Assert.Equal("[1,true]", span["attributes"]![0]!["value"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_compressed_body_is_understood()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(OneSpan().ToByteArray());
        using var answer = await Post("/v1/traces", packed.ToArray(), OtlpHttp.Protobuf, encoding: "gzip");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.NotNull(await Get($"/api/traces/{Trace}"));
    }

    [Fact]
    public async Task What_cannot_be_read_has_its_status_over_http_and_harms_nothing()
    {
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) await gzip.WriteAsync(new byte[Limits.OtlpBytes + 1]);

        (HttpStatusCode Expected, byte[] Body, string Type, string? Encoding, string? Key)[] cases =
        [
            (HttpStatusCode.BadRequest, [0x0a, 0xff, 0xff], OtlpHttp.Protobuf, null, RunningDashboard.Key),
            (HttpStatusCode.BadRequest, "{\"resourceSpans\":["u8.ToArray(), OtlpHttp.JsonType, null, RunningDashboard.Key),
            (HttpStatusCode.BadRequest, "[]"u8.ToArray(), OtlpHttp.JsonType, null, RunningDashboard.Key),
            (HttpStatusCode.BadRequest, "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"xyz\"}]}]}]}"u8.ToArray(), OtlpHttp.JsonType, null, RunningDashboard.Key),
            (HttpStatusCode.BadRequest, "not gzip"u8.ToArray(), OtlpHttp.Protobuf, "gzip", RunningDashboard.Key),
            (HttpStatusCode.RequestEntityTooLarge, new byte[Limits.OtlpBytes + 1], OtlpHttp.Protobuf, null, RunningDashboard.Key),
            (HttpStatusCode.RequestEntityTooLarge, packed.ToArray(), OtlpHttp.Protobuf, "gzip", RunningDashboard.Key),
            (HttpStatusCode.UnsupportedMediaType, [], "text/plain", null, RunningDashboard.Key),
            (HttpStatusCode.UnsupportedMediaType, [], OtlpHttp.Protobuf, "br", RunningDashboard.Key),
            (HttpStatusCode.Unauthorized, [], OtlpHttp.Protobuf, null, "another key"),
            (HttpStatusCode.Unauthorized, [], OtlpHttp.Protobuf, null, null),
        ];
        foreach (var (expected, body, type, encoding, key) in cases)
        {
            using var answer = await Post("/v1/traces", body, type, encoding, key);
            Assert.Equal(expected, answer.StatusCode);
        }

        Assert.Equal(0, (await Get("/api/traces"))!["total"]!.GetValue<int>());
        using var good = await Post("/v1/traces", OneSpan().ToByteArray(), OtlpHttp.Protobuf);
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
    }

    [Fact]
    public async Task What_cannot_be_read_has_its_status_over_grpc_and_harms_nothing()
    {
        using var channel = GrpcChannel.ForAddress(_dashboard.OtlpGrpc);
        var bytes = Marshallers.Create(value => value, value => value);
        var raw = new Method<byte[], byte[]>(MethodType.Unary, OtlpGrpc.ExportTraces.ServiceName, OtlpGrpc.ExportTraces.Name, bytes, bytes);
        async Task<StatusCode> Send(byte[] message, string? key)
        {
            Metadata headers = key is null ? [] : new Metadata { { OtlpGate.KeyHeader, key } };
            try
            {
                await channel.CreateCallInvoker().AsyncUnaryCall(raw, null, new CallOptions(headers), message);
                return StatusCode.OK;
            }
            catch (RpcException fault)
            {
                return fault.StatusCode;
            }
        }

        Assert.Equal(StatusCode.InvalidArgument, await Send([0x0a, 0xff, 0xff], RunningDashboard.Key));
        Assert.Equal(StatusCode.ResourceExhausted, await Send(new byte[Limits.OtlpBytes + 1], RunningDashboard.Key));
        Assert.Equal(StatusCode.Unauthenticated, await Send([], "another key"));
        Assert.Equal(StatusCode.Unauthenticated, await Send([], null));
        Assert.Equal(StatusCode.OK, await Send(OneSpan().ToByteArray(), RunningDashboard.Key));
        Assert.Equal(1, (await Get("/api/traces"))!["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_message_over_grpc_that_says_at_once_how_long_it_is_has_the_same_status()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_dashboard.OtlpGrpc, OtlpGrpc.ExportTraces.FullName)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Add(OtlpGate.KeyHeader, RunningDashboard.Key);
        var body = new byte[5 + (2 * Limits.OtlpBytes)];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), 2 * Limits.OtlpBytes);
        request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } };
        using var client = new HttpClient { Timeout = Patience };
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await answer.Content.CopyToAsync(Stream.Null);
        var status = answer.Headers.TryGetValues("grpc-status", out var early) ? early.Single() : answer.TrailingHeaders.GetValues("grpc-status").Single();
        Assert.Equal(((int)StatusCode.ResourceExhausted).ToString(), status);
    }

    [Fact]
    public async Task A_span_without_an_id_is_refused_and_the_others_are_taken()
    {
        var request = OneSpan();
        request.ResourceSpans[0].ScopeSpans[0].Spans.Add(new Span { TraceId = ByteString.CopyFrom(new byte[16]), SpanId = ByteString.CopyFrom(new byte[8]) });
        using var answer = await Post("/v1/traces", request.ToByteArray(), OtlpHttp.Protobuf);
        var response = ExportTraceServiceResponse.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(1, response.PartialSuccess.RejectedSpans);
        Assert.NotEmpty(response.PartialSuccess.ErrorMessage);
        Assert.Equal(1, (await Get("/api/traces"))!["total"]!.GetValue<int>());
    }

    private static ExportTraceServiceRequest OneSpan() => new()
    {
        ResourceSpans =
        {
            new ResourceSpans
            {
                ScopeSpans = { new ScopeSpans { Spans = { new Span { TraceId = ByteString.CopyFrom(Convert.FromHexString(Trace)), SpanId = ByteString.CopyFrom(1, 2, 3, 4, 5, 6, 7, 8), Name = "one" } } } },
            },
        },
    };

    private async Task<HttpResponseMessage> Post(string path, byte[] body, string type, string? encoding = null, string? key = RunningDashboard.Key)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_dashboard.OtlpHttp, path)) { Content = content };
        if (key is not null) request.Headers.Add(OtlpGate.KeyHeader, key);
        // A body that is too long is refused before it has been sent.
        request.Headers.ExpectContinue = body.Length > Limits.OtlpBytes;
        return await _dashboard.Anonymous.SendAsync(request);
    }

    private async Task<JsonObject?> Get(string path)
    {
        using var answer = await _browser.GetAsync(path);
        if (answer.StatusCode == HttpStatusCode.NotFound) return null;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonObject>();
    }
}
