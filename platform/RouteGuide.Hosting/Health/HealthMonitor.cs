using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Health;

/// <summary>How often health is asked for.</summary>
internal sealed record HealthIntervals
{
    /// <summary>At first, while the process starts: short, because others wait for it.</summary>
    public TimeSpan First { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>For this long the first interval holds.</summary>
    public TimeSpan Early { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After that it grows by this step while the instance is not healthy.</summary>
    public TimeSpan Step { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>And at most to this.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Once it is healthy.</summary>
    public TimeSpan Healthy { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Asks for the health of one running instance, each replica on its own, and publishes what it learns.</summary>
internal sealed class HealthMonitor(ResourceNotificationService notifications, IServiceProvider services, HttpProbe http, GrpcProbe grpc, HealthIntervals intervals, TimeProvider time)
{
    /// <summary>Asks until it is cancelled.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="targetPorts">Where this instance itself listens, by the endpoint's name.</param>
    /// <param name="cancellationToken">Ends with the instance.</param>
    public async Task RunAsync(IResource resource, string instance, IReadOnlyDictionary<string, int> targetPorts, CancellationToken cancellationToken)
    {
        var checks = resource.Annotations.OfType<HealthCheckAnnotation>().ToArray();
        if (checks.Length == 0) return;
        var begun = time.GetTimestamp();
        var interval = intervals.First;
        while (!cancellationToken.IsCancellationRequested)
        {
            var reports = await Task.WhenAll(checks.Select(check => AskAsync(check, resource, targetPorts, cancellationToken))).ConfigureAwait(false);
            if (cancellationToken.IsCancellationRequested) return;
            await notifications.PublishUpdateAsync(resource, instance, s => s with { HealthReports = [.. reports] }).ConfigureAwait(false);
            if (reports.All(r => r.Status == HealthStatus.Healthy)) interval = intervals.Healthy;
            else if (interval == intervals.Healthy || time.GetElapsedTime(begun) < intervals.Early) interval = intervals.First;
            else interval = interval + intervals.Step < intervals.Longest ? interval + intervals.Step : intervals.Longest;
            await Task.Delay(interval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<HealthReportSnapshot> AskAsync(HealthCheckAnnotation check, IResource resource, IReadOnlyDictionary<string, int> targetPorts, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        try
        {
            if (check is EndpointHealthCheckAnnotation)
            {
                var fault = check is GrpcHealthCheckAnnotation call
                    ? await grpc.AskAsync(call, resource, targetPorts, cancellationToken).ConfigureAwait(false)
                    : await http.AskAsync((HttpHealthCheckAnnotation)check, resource, targetPorts, cancellationToken).ConfigureAwait(false);
                return new HealthReportSnapshot(check.Key, fault is null ? HealthStatus.Healthy : HealthStatus.Unhealthy, fault, ExceptionText: null) { LastRunAt = now };
            }

            var report = await services.GetRequiredService<HealthCheckService>().CheckHealthAsync(r => r.Name == check.Key, cancellationToken).ConfigureAwait(false);
            if (!report.Entries.TryGetValue(check.Key, out var entry)) return new HealthReportSnapshot(check.Key, HealthStatus.Unhealthy, $"No health check '{check.Key}' is registered with the services.", ExceptionText: null) { LastRunAt = now };
            return new HealthReportSnapshot(check.Key, entry.Status, entry.Description, entry.Exception?.ToString()) { LastRunAt = now };
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            return new HealthReportSnapshot(check.Key, HealthStatus.Unhealthy, fault.Message, fault.ToString()) { LastRunAt = now };
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            return new HealthReportSnapshot(check.Key, Status: null, "The application stops.", ExceptionText: null) { LastRunAt = now };
        }
    }
}
