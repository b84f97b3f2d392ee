using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using RouteGuide.ServiceDefaults;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// What every service of the solution starts with. The public names are those of the Aspire template's ServiceDefaults, so that a
/// team may put the stock file in this one's place.
/// </summary>
public static class Extensions
{
    /// <summary>Adds telemetry, the default health checks, and service discovery for clients of HTTP and gRPC.</summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.ConfigureOpenTelemetry();
        builder.AddDefaultHealthChecks();
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http => http.AddServiceDiscovery());
        return builder;
    }

    /// <summary>
    /// Sends logs, metrics and traces by OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; the other <c>OTEL_*</c> variables are
    /// honoured by the exporter. Without it nothing is collected and nothing costs.
    /// </summary>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])) return builder;

        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
            logging.AddOtlpExporter();
        });
        builder.Services.AddHostedService(services => new TelemetryService(builder.Environment.ApplicationName));
        return builder;
    }

    /// <summary>Adds the check <c>self</c>, tagged <c>live</c>: the process answers.</summary>
    public static TBuilder AddDefaultHealthChecks<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), ["live"]);
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> (all checks: ready for work) and <c>/alive</c> (those tagged <c>live</c>: no need to restart), on the
    /// management port only where there is one (<see cref="Listeners.ManagementPortKey"/>).
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        var health = app.MapHealthChecks("/health");
        var alive = app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") });
        if (Listeners.ManagementPort(app.Configuration) is { } port)
        {
            health.RequireHost($"*:{port}");
            alive.RequireHost($"*:{port}");
        }

        return app;
    }
}
