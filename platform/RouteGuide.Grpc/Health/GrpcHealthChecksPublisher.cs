using Grpc.HealthCheck;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.HealthChecks;

/// <summary>Takes over what the application's health checks say each time that they run by themselves.</summary>
internal sealed class GrpcHealthChecksPublisher(HealthServiceImpl statuses, IOptions<GrpcHealthChecksOptions> options) : IHealthCheckPublisher
{
    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        foreach (var mapping in options.Value.Services) statuses.SetStatus(mapping.Name, HealthReportMapping.StatusOf(report, mapping));
        return Task.CompletedTask;
    }
}
