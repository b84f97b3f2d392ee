using Grpc.Core;
using Grpc.Health.V1;
using Grpc.HealthCheck;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Grpc.AspNetCore.HealthChecks;

/// <summary>The health service over the application's health checks. Names without a mapping are left to <see cref="HealthServiceImpl"/>.</summary>
internal sealed class HealthChecksService(
    HealthCheckService checks, HealthServiceImpl statuses, IOptions<GrpcHealthChecksOptions> options, IHostApplicationLifetime lifetime) : Health.V1.Health.HealthBase
{
    private readonly GrpcHealthChecksOptions _options = options.Value;

    private CancellationToken Stopping => _options.SuppressCompletionOnShutdown ? CancellationToken.None : lifetime.ApplicationStopping;

    public override async Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        if (await RunChecksAsync(request.Service, context.CancellationToken) is not { } status)
            status = (await statuses.Check(request, context)).Status;
        // Whatever the checks say, who asks now should go elsewhere.
        if (Stopping.IsCancellationRequested) status = ServingStatus.NotServing;
        return new HealthCheckResponse { Status = status };
    }

    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        using var subscription = statuses.Subscribe(request.Service);
        // Fresh results go to all watchers, this one included, through the subscription.
        await RunChecksAsync(request.Service, context.CancellationToken);

        using var cancelled = context.CancellationToken.UnsafeRegister(static s => ((HealthServiceImpl.Subscription)s!).End(), subscription);
        using var stopping = Stopping.UnsafeRegister(static s => ((HealthServiceImpl.Subscription)s!).End(), subscription);
        // What was queued before the checks ran is out of date.
        var last = subscription.First;
        while (subscription.Statuses.TryRead(out var newer)) last = newer;
        await SendAsync(last);
        await foreach (var status in subscription.Statuses.ReadAllAsync())
        {
            if (status != last) await SendAsync(status);
        }

        if (Stopping.IsCancellationRequested && last != ServingStatus.NotServing) await SendAsync(ServingStatus.NotServing);

        Task SendAsync(ServingStatus status)
        {
            last = status;
            return responseStream.WriteAsync(new HealthCheckResponse { Status = status });
        }
    }

    /// <summary>Runs the checks that decide about a service and remembers the result; null where none are to be run.</summary>
    private async Task<ServingStatus?> RunChecksAsync(string service, CancellationToken cancellationToken)
    {
        if (_options.UseHealthChecksCache || !_options.Services.TryGet(service, out var mapping)) return null;
        var report = await checks.CheckHealthAsync(registration => mapping.Includes(registration.Name, registration.Tags), cancellationToken);
        var status = HealthReportMapping.StatusOf(report, mapping);
        statuses.SetStatus(service, status);
        return status;
    }
}
