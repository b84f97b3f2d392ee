using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>How long a call may take, and how long it may be silent. On its loop's thread.</summary>
/// <param name="loop">The call's.</param>
/// <param name="onDeadline">The deadline has passed.</param>
/// <param name="onIdle">Nothing was sent either way for so many milliseconds.</param>
internal sealed class ExchangeTimers(ProxyLoop loop, Action onDeadline, Action<long> onIdle)
{
    private readonly LoopTimer _deadline = new(onDeadline);
    private LoopTimer? _idle;
    private long _idleMs; // 0 for ever
    private long _activeMs; // of the loop: when something was sent; kept if there is such a limit
    private bool _keepsDeadline; // also when the response has begun, as nobody else knows of it

    /// <summary>Whether something may be begun after so many milliseconds.</summary>
    public bool HasTimeFor(long delayMs) => !_deadline.IsSet || loop.NowMs + delayMs < _deadline.DueMs;

    /// <summary>The call begins.</summary>
    public void Start(in CallDeadline deadline)
    {
        if (deadline.After is not { } after || after.TotalMilliseconds >= int.MaxValue) return;
        _keepsDeadline = deadline.IsOurs;
        loop.Timers.Set(_deadline, loop.NowMs + (long)Math.Ceiling(after.TotalMilliseconds));
    }

    /// <summary>It may be silent for so many milliseconds from now on; 0 for ever.</summary>
    public void StartIdle(long milliseconds)
    {
        _idleMs = milliseconds;
        if (_idleMs <= 0) return;
        _activeMs = loop.NowMs;
        loop.Timers.Set(_idle ??= new LoopTimer(OnIdle), _activeMs + _idleMs);
    }

    /// <summary>Something was sent, either way.</summary>
    public void OnActivity()
    {
        if (_idleMs > 0) _activeMs = loop.NowMs;
    }

    /// <summary>The response's headers came: the client keeps its own deadline from here on.</summary>
    public void ResponseBegins()
    {
        if (!_keepsDeadline) ClearDeadline();
    }

    public void ClearDeadline() => loop.Timers.Clear(_deadline);

    /// <summary>The call is over.</summary>
    public void Clear()
    {
        ClearDeadline();
        if (_idle is not null) loop.Timers.Clear(_idle);
        _idleMs = 0;
        _keepsDeadline = false;
    }

    private void OnIdle()
    {
        if (_activeMs + _idleMs is var due && due > loop.NowMs) loop.Timers.Set(_idle!, due);
        else onIdle(_idleMs);
    }
}
