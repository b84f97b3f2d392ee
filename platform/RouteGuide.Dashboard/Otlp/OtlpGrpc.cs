using Google.Protobuf;
using Grpc.Core;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using RouteGuide.Dashboard.Telemetry.Logs;
using RouteGuide.Dashboard.Telemetry.Metrics;
using RouteGuide.Dashboard.Telemetry.Traces;

namespace RouteGuide.Dashboard.Otlp;

/// <summary>OTLP over gRPC. The methods have marshallers of their own, so that a message that cannot be read is the sender's fault by its status too.</summary>
internal static class OtlpGrpc
{
    public static readonly Method<ExportTraceServiceRequest, ExportTraceServiceResponse> ExportTraces = Method("opentelemetry.proto.collector.trace.v1.TraceService", ExportTraceServiceRequest.Parser, ExportTraceServiceResponse.Parser);
    public static readonly Method<ExportLogsServiceRequest, ExportLogsServiceResponse> ExportLogs = Method("opentelemetry.proto.collector.logs.v1.LogsService", ExportLogsServiceRequest.Parser, ExportLogsServiceResponse.Parser);
    public static readonly Method<ExportMetricsServiceRequest, ExportMetricsServiceResponse> ExportMetrics = Method("opentelemetry.proto.collector.metrics.v1.MetricsService", ExportMetricsServiceRequest.Parser, ExportMetricsServiceResponse.Parser);

    public static void MapOtlpGrpc(this IEndpointRouteBuilder app) => app.MapGrpcService(services => ServerServiceDefinition.CreateBuilder()
        .AddMethod(ExportTraces, (request, _) => Task.FromResult(services.GetRequiredService<TraceIngestion>().Take(request)))
        .AddMethod(ExportLogs, (request, _) => Task.FromResult(services.GetRequiredService<LogIngestion>().Take(request)))
        .AddMethod(ExportMetrics, (request, _) => Task.FromResult(services.GetRequiredService<MetricIngestion>().Take(request)))
        .Build());

    private static Method<TRequest, TResponse> Method<TRequest, TResponse>(string service, MessageParser<TRequest> requests, MessageParser<TResponse> responses)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => new(MethodType.Unary, service, "Export", Marshaller(requests), Marshaller(responses));

    private static Marshaller<T> Marshaller<T>(MessageParser<T> parser)
        where T : class, IMessage<T> => Marshallers.Create(
            (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context =>
            {
                try
                {
                    return parser.ParseFrom(context.PayloadAsReadOnlySequence());
                }
                catch (InvalidProtocolBufferException fault)
                {
                    throw new RpcException(new Status(StatusCode.InvalidArgument, $"The message is no {typeof(T).Name}: {fault.Message}"));
                }
            });
}
