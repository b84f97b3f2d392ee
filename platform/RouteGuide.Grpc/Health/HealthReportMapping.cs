using Microsoft.Extensions.Diagnostics.HealthChecks;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Grpc.AspNetCore.HealthChecks;

/// <summary>What the results of health checks mean for a gRPC service.</summary>
internal static class HealthReportMapping
{
    public static bool Includes(this ServiceMapping mapping, string check, IEnumerable<string> tags) =>
        mapping.HealthCheckPredicate?.Invoke(new HealthCheckMapContext(check, tags)) ?? true;

    /// <summary>Unknown without a check that decides, not serving with one that is unhealthy; a degraded service still serves.</summary>
    public static ServingStatus StatusOf(HealthReport report, ServiceMapping mapping)
    {
        var status = ServingStatus.Unknown;
        foreach (var (name, entry) in report.Entries)
        {
            if (!mapping.Includes(name, entry.Tags)) continue;
            if (entry.Status == HealthStatus.Unhealthy) return ServingStatus.NotServing;
            status = ServingStatus.Serving;
        }

        return status;
    }
}
