using System.Buffers;
using System.IO.Compression;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Net.Http.Headers;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using RouteGuide.Dashboard.Settings;
using RouteGuide.Dashboard.Telemetry.Logs;
using RouteGuide.Dashboard.Telemetry.Metrics;
using RouteGuide.Dashboard.Telemetry.Traces;

namespace RouteGuide.Dashboard.Otlp;

/// <summary>OTLP over HTTP, in protocol buffers and in JSON. What is answered has the encoding of what was sent.</summary>
internal static class OtlpHttp
{
    public const string Protobuf = "application/x-protobuf";
    public const string JsonType = "application/json";

    public static void MapOtlpHttp(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/traces", (HttpContext context, TraceIngestion traces) => Take(context, ExportTraceServiceRequest.Parser, traces.Take));
        app.MapPost("/v1/logs", (HttpContext context, LogIngestion logs) => Take(context, ExportLogsServiceRequest.Parser, logs.Take));
        app.MapPost("/v1/metrics", (HttpContext context, MetricIngestion metrics) => Take(context, ExportMetricsServiceRequest.Parser, metrics.Take));
    }

    /// <summary>Answers with an error: a <c>google.rpc.Status</c>, as OTLP asks for.</summary>
    public static Task Refuse(HttpContext context, int status, StatusCode code, string message)
    {
        context.Response.StatusCode = status;
        var isJson = TypeOf(context) == JsonType;
        context.Response.ContentType = isJson ? JsonType : Protobuf;
        return context.Response.Body.WriteAsync(isJson ? OtlpJson.Status(code, message) : Status(code, message)).AsTask();
    }

    private static async Task Take<TRequest, TResponse>(HttpContext context, MessageParser<TRequest> parser, Func<TRequest, TResponse> take)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var type = TypeOf(context);
        if (type is null)
        {
            await Refuse(context, StatusCodes.Status415UnsupportedMediaType, StatusCode.InvalidArgument, $"Content-Type '{context.Request.ContentType}' is neither {Protobuf} nor {JsonType}.");
            return;
        }

        var encoding = context.Request.Headers.ContentEncoding.ToString();
        if (encoding is not ("" or "identity" or "gzip"))
        {
            await Refuse(context, StatusCodes.Status415UnsupportedMediaType, StatusCode.InvalidArgument, $"Content-Encoding '{encoding}' is not gzip.");
            return;
        }

        TRequest request;
        try
        {
            var body = await Read(context.Request, encoding == "gzip", context.RequestAborted);
            request = type == JsonType ? OtlpJson.Parse(parser, body.WrittenMemory) : parser.ParseFrom(body.WrittenSpan);
        }
        catch (Exception fault) when (fault is InvalidProtocolBufferException or InvalidJsonException or InvalidDataException or FormatException)
        {
            await Refuse(context, StatusCodes.Status400BadRequest, StatusCode.InvalidArgument, $"The body is no {typeof(TRequest).Name}: {fault.Message}");
            return;
        }
        catch (TooLongException)
        {
            // What is left of the body is not waited for.
            if (HttpProtocol.IsHttp11(context.Request.Protocol)) context.Response.Headers.Connection = "close";
            await Refuse(context, StatusCodes.Status413PayloadTooLarge, StatusCode.ResourceExhausted, $"The body has more than {Limits.OtlpBytes} bytes.");
            return;
        }

        var response = take(request);
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(type == JsonType ? Encoding.UTF8.GetBytes(OtlpJson.Format(response)) : response.ToByteArray(), context.RequestAborted);
    }

    private static async Task<ArrayBufferWriter<byte>> Read(HttpRequest request, bool isCompressed, CancellationToken cancellationToken)
    {
        if (request.ContentLength > Limits.OtlpBytes) throw new TooLongException();
        var body = new ArrayBufferWriter<byte>((int)Math.Max(4096, request.ContentLength ?? 0));
        await using var plain = isCompressed ? new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true) : request.Body;
        while (true)
        {
            int read;
            try
            {
                read = await plain.ReadAsync(body.GetMemory(4096), cancellationToken);
            }
            catch (BadHttpRequestException fault) when (fault.StatusCode == StatusCodes.Status413PayloadTooLarge)
            {
                throw new TooLongException();
            }

            if (read == 0) return body;
            body.Advance(read);
            // A small body may be large when it is unpacked.
            if (body.WrittenCount > Limits.OtlpBytes) throw new TooLongException();
        }
    }

    private static string? TypeOf(HttpContext context) => MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type)
        ? type.MediaType.Value?.ToLowerInvariant() is Protobuf or JsonType ? type.MediaType.Value!.ToLowerInvariant() : null
        : null;

    // google.rpc.Status: code = 1, message = 2.
    private static byte[] Status(StatusCode code, string message)
    {
        using var octets = new MemoryStream();
        using (var output = new CodedOutputStream(octets, leaveOpen: true))
        {
            output.WriteTag(1, WireFormat.WireType.Varint);
            output.WriteInt32((int)code);
            output.WriteTag(2, WireFormat.WireType.LengthDelimited);
            output.WriteString(message);
        }

        return octets.ToArray();
    }

    private sealed class TooLongException : Exception;
}
