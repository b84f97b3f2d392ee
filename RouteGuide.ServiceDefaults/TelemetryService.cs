using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace RouteGuide.ServiceDefaults;

/// <summary>
/// Owns the trace and metric pipelines for as long as the host runs, and flushes them at its end. It stands in for the hosting
/// extensions of OpenTelemetry, over sources that .NET itself has.
/// </summary>
internal sealed class TelemetryService : IHostedService, IDisposable
{
    private static readonly string[] Sources = ["Microsoft.AspNetCore", "System.Net.Http", "Grpc.Net.Client"];
    private static readonly string[] Meters =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Grpc.Net.Client", "Grpc.AspNetCore.Server"];

    private readonly string _applicationName;
    private TracerProvider? _traces;
    private MeterProvider? _metrics;

    static TelemetryService() =>
        // .NET 10 leaves the semantic tags off its server spans unless asked for them.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

    public TelemetryService(string applicationName) => _applicationName = applicationName;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _traces = Sdk.CreateTracerProviderBuilder()
            .AddSource([_applicationName, .. Sources])
            .AddProcessor(new SpanNames())
            .AddOtlpExporter()
            .Build();
        _metrics = Sdk.CreateMeterProviderBuilder()
            .AddMeter([_applicationName, .. Meters])
            .AddOtlpExporter()
            .Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Disposing flushes. The container does it after every hosted service has stopped, so the last calls are in.
    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }

    /// <summary>
    /// Gives the span of a gRPC call the name that OpenTelemetry's conventions for RPC ask for, <c>package.Service/Method</c>, where
    /// the framework says only <c>POST</c>, and that of another request its method and route; and leaves out the health endpoints, those of
    /// gRPC too, which would drown the rest.
    /// </summary>
    private sealed class SpanNames : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity activity)
        {
            if (activity.GetTagItem("url.path") is not string path)
            {
                path = activity.GetTagItem("url.full") is string url && Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri.AbsolutePath : "";
            }

            if (path is "/health" or "/alive" || path.StartsWith("/grpc.health.v1.Health/", StringComparison.Ordinal))
            {
                activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
                return;
            }

            var method = activity.GetTagItem("http.request.method") as string;
            if (method is "POST" && path.Count(c => c == '/') == 2 && path.Contains('.'))
            {
                activity.DisplayName = path[1..];
            }
            else if (method is not null && activity.DisplayName == activity.OperationName)
            {
                // The framework's own name of it says nothing of the request. The path itself may have any number of values, and so is no name.
                activity.DisplayName = activity.GetTagItem("http.route") is string { Length: > 0 } route ? $"{method} {route}" : method;
            }
        }
    }
}
