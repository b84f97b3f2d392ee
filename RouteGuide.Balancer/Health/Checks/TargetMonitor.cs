using System.Net.Sockets;
using System.Security.Authentication;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health.Checks;

/// <summary>What the monitors of a group share.</summary>
/// <param name="Targets">Are told what checks find.</param>
/// <param name="Probe">Makes them.</param>
/// <param name="Gate">Bounds them.</param>
/// <param name="Time">For intervals and timeouts.</param>
/// <param name="Logger">Is told of our own faults.</param>
internal sealed record MonitorShared(TargetTable Targets, IProbe Probe, CheckGate Gate, TimeProvider Time, ILogger Logger)
{
    /// <summary>A check has passed. Any thread.</summary>
    public Action<Target>? Passed { get; init; }
}

/// <summary>
/// Checks one target again and again, one check at a time, beginning at once. By chance the second check comes at any time within the
/// first interval and later ones a tenth earlier or later, so that the checks of many targets do not stay together.
/// </summary>
internal sealed class TargetMonitor : IDisposable
{
    private const double Jitter = 0.1;

    private readonly MonitorShared _shared;
    private readonly Target _target;
    private readonly HealthCheckPlan _plan;
    private readonly Random _random;
    private readonly Lock _judging = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly ITimer _timer;
    private CheckCount _count;
    private bool _isSecond;
    private bool _ended;

    /// <param name="shared">With the other targets of the group.</param>
    /// <param name="target">Whom to check.</param>
    /// <param name="plan">How.</param>
    /// <param name="state">What earlier checks have found; initial for a new target.</param>
    /// <param name="random">For it alone.</param>
    public TargetMonitor(MonitorShared shared, Target target, HealthCheckPlan plan, HealthState state, Random random)
    {
        (_shared, _target, _plan, _random) = (shared, target, plan, random);
        _count = new CheckCount(plan, state is HealthState.Healthy or HealthState.Unhealthy ? state : HealthState.Initial);
        _timer = shared.Time.CreateTimer(static m => _ = ((TargetMonitor)m!).Run(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The first check is due.</summary>
    public void Start() => _timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);

    /// <summary>Nothing is said about the target any more once this has returned.</summary>
    public void Dispose()
    {
        lock (_judging)
        {
            if (_ended) return;
            _ended = true;
        }

        _timer.Dispose();
        _ending.Cancel();
    }

    private async Task Run()
    {
        try
        {
            await _shared.Gate.Enter(_ending.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            return;
        }

        var began = _shared.Time.GetTimestamp();
        CheckResult result;
        try
        {
            Begin();
            result = await Check().ConfigureAwait(false);
        }
        finally
        {
            _shared.Gate.Leave();
        }

        if (!Judge(result)) return;
        var left = Next() - _shared.Time.GetElapsedTime(began);
        try
        {
            _timer.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // It has just been ended.
        }
    }

    private async Task<CheckResult> Check()
    {
        using var limit = new CancellationTokenSource(_plan.Timeout, _shared.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _ending.Token);
        try
        {
            return await _shared.Probe.Check(_target.Address, _plan, both.Token).ConfigureAwait(false);
        }
        catch (Exception) when (both.IsCancellationRequested)
        {
            return CheckResult.TimedOut;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or AuthenticationException)
        {
            return CheckResult.Failed(ServiceDefaults.ServiceProgram.OneLine(e.GetBaseException().Message));
        }
        catch (Exception e)
        {
            // Whatever it is must not end the checks of this target for good.
            _shared.Logger.LogError(e, "The check of target {Target} failed for a reason of our own", _target);
            return CheckResult.InternalError(ServiceDefaults.ServiceProgram.OneLine(e.Message));
        }
    }

    private void Begin()
    {
        lock (_judging)
        {
            if (_ended || _count.State != HealthState.Initial) return;
            _shared.Targets.Update(_target, static e => e.Health == TargetHealth.Registering ? e with { Health = TargetHealth.Checking } : e);
        }
    }

    // False when the target is not watched any more.
    private bool Judge(CheckResult result)
    {
        lock (_judging)
        {
            if (_ended) return false;
            switch (_count.Count(result.HasPassed))
            {
                case HealthState.Healthy:
                    _shared.Targets.SetHealth(_target, TargetHealth.Healthy);
                    break;
                case HealthState.Unhealthy when !result.HasPassed:
                    _shared.Targets.SetHealth(_target, TargetHealth.Unhealthy(result.Reason!, result.Description));
                    break;
                default:
                    break;
            }
        }

        if (result.HasPassed) _shared.Passed?.Invoke(_target);
        return true;
    }

    private TimeSpan Next()
    {
        if (!_isSecond)
        {
            _isSecond = true;
            return _plan.Interval * (Jitter + ((1 - Jitter) * _random.NextDouble()));
        }

        return _plan.Interval * (1 - Jitter + (2 * Jitter * _random.NextDouble()));
    }
}
