using System.Diagnostics;
using RouteGuide.Server.Leasing;

namespace RouteGuide.Server.Lifecycle;

/// <summary>
/// Stops the replica without losing a call. On SIGTERM: (1) health says NOT_SERVING at once, (2) the lease is given back, so the
/// balancer sends nothing new, (3) calls that run are left to finish, for as long as the drain timeout allows, (4) only then does
/// Kestrel close its listeners. The port answers until the end, so that whoever asks for health is told. When the balancer asks for
/// a drain, the same happens without (4): the process stays, out of service.
/// </summary>
internal sealed partial class Drain(
    ReplicaHealth health,
    InFlightCalls calls,
    BalancerLease lease,
    ServerOptions options,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<Drain> logger) : BackgroundService, IHostedLifecycleService
{
    // A balancer that does not answer must not use up the time of the calls.
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(1);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStopping.Register(() => health.Report(serving: false));
        health.Report(serving: true);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        health.Report(serving: false);
        await ReleaseLease(cancellationToken);

        var started = Stopwatch.GetTimestamp();
        LogDraining(calls.Count);
        using var limit = new CancellationTokenSource(options.DrainTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await calls.WaitForNone(either.Token);
            LogDrained(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (OperationCanceledException)
        {
            LogCut(calls.Count, options.DrainTimeout.TotalSeconds);
        }

        health.CloseWatches();
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            LogAsked(await lease.DrainAsked.WaitAsync(stoppingToken));
            health.Report(serving: false);
            await calls.WaitForNone(stoppingToken);
            await ReleaseLease(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process ends first, and StoppingAsync has done the same.
        }
    }

    private async Task ReleaseLease(CancellationToken cancellationToken)
    {
        try
        {
            await lease.ReleaseAsync(cancellationToken).WaitAsync(ReleaseTimeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            LogNotReleased(ReleaseTimeout.TotalSeconds);
        }
    }

    [LoggerMessage(10, LogLevel.Information, "The balancer asks to drain: {Reason}")]
    private partial void LogAsked(string reason);

    [LoggerMessage(11, LogLevel.Warning, "The balancer did not take the lease back within {Seconds} s.")]
    private partial void LogNotReleased(double seconds);

    [LoggerMessage(12, LogLevel.Information, "Draining: {InFlight} calls in flight.")]
    private partial void LogDraining(int inFlight);

    [LoggerMessage(13, LogLevel.Information, "Drained in {Milliseconds:0} ms.")]
    private partial void LogDrained(double milliseconds);

    [LoggerMessage(14, LogLevel.Warning, "{InFlight} calls still ran after {Seconds} s and are cut off.")]
    private partial void LogCut(int inFlight, double seconds);
}
