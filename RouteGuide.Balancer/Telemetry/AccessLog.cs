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

    public bool IsEnabled => _logger.IsEnabled(LogLevel.Information);

    public void Write(in ExchangeReport report)
    {
        if (!IsEnabled) return;

        Line(
            report.Client.ToString(),
            report.Method,
            report.Path,
            report.Target?.Name ?? "-",
            report.Target?.Address.Authority ?? "-",
            report.HttpStatus,
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
