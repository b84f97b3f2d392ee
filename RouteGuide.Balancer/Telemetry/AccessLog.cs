using RouteGuide.Balancer.Proxy;

namespace RouteGuide.Balancer.Telemetry;

/// <summary>
/// One structured line per call, at Information. The category is off unless configuration turns it on
/// (<c>Logging:LogLevel:RouteGuide.Balancer.AccessLog = Information</c>). Interim: written on the call's own thread.
/// </summary>
internal sealed partial class AccessLog(ILoggerFactory loggers) : IExchangeLog
{
    public const string Category = "RouteGuide.Balancer.AccessLog";

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    public void Write(in ExchangeReport report)
    {
        if (!_logger.IsEnabled(LogLevel.Information)) return;

        var context = report.Context;
        Line(
            $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}",
            context.Request.Method,
            context.Request.Path.Value ?? "",
            report.Target?.Name ?? "-",
            report.Target?.Address.Authority ?? "-",
            context.Response.StatusCode,
            report.GrpcStatus ?? "-",
            report.Duration.TotalMilliseconds,
            report.RequestBytes,
            report.ResponseBytes,
            report.Attempts,
            report.End);
    }

    [LoggerMessage(
        EventId = 1,
        EventName = "Call",
        Level = LogLevel.Information,
        SkipEnabledCheck = true,
        Message = "{Client} {Method} {Path} -> {Target} {Address} http={HttpStatus} grpc={GrpcStatus} {DurationMs:0.000} ms in={RequestBytes} out={ResponseBytes} attempts={Attempts} {End}")]
    private partial void Line(
        string client, string method, string path, string target, string address, int httpStatus, string grpcStatus, double durationMs, long requestBytes, long responseBytes, int attempts, ExchangeEnd end);
}
