using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health;

/// <summary>
/// Targets that leave in order: no further call from the first moment on, those that run have the deregistration delay, then they are
/// ended. With the last call, or at once if none runs, the target is gone.
/// </summary>
internal sealed class Departures(TargetGroup group, TimeProvider time, ILogger logger)
{
    private long _delayTicks = new TargetAttributes().DeregistrationDelay.Ticks;

    /// <summary>For targets that begin to leave from now on.</summary>
    public TimeSpan Delay
    {
        get => new(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    /// <summary>No call enters the target once this has returned.</summary>
    public void Begin(Target target)
    {
        if (!group.Targets.Drain(target)) return;
        var delay = Delay;
        logger.LogInformation("Target {Target} of {Group} is draining: it was deregistered; {InFlight} calls have {Delay} s to end", target, group, target.InFlight, delay.TotalSeconds);
        _ = End(target, delay);
    }

    private async Task End(Target target, TimeSpan delay)
    {
        try
        {
            await target.Ended.WaitAsync(delay, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            logger.LogWarning("Target {Target} of {Group} has had its {Delay} s: {InFlight} calls are ended", target, group, delay.TotalSeconds, target.InFlight);
            target.Expire();
        }

        group.Targets.Remove(target);
        logger.LogInformation("Target {Target} of {Group} is deregistered", target, group);
    }
}
