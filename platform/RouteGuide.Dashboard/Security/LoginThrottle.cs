namespace RouteGuide.Dashboard.Security;

/// <summary>Counts failed logins: a token that could be guessed must not be guessed quickly.</summary>
/// <param name="time">The clock.</param>
internal sealed class LoginThrottle(TimeProvider time)
{
    /// <summary>Failures within <see cref="Window"/> after which no further attempt is looked at.</summary>
    public const int MaxFailures = 10;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Queue<long> _failures = new();

    /// <summary>How long to wait before an attempt is looked at again; null if it is now.</summary>
    public TimeSpan? Wait()
    {
        lock (_lock)
        {
            while (_failures.TryPeek(out var first) && time.GetElapsedTime(first) >= Window) _failures.Dequeue();
            return _failures.Count < MaxFailures ? null : Window - time.GetElapsedTime(_failures.Peek());
        }
    }

    public void Failed()
    {
        lock (_lock)
        {
            if (_failures.Count < MaxFailures) _failures.Enqueue(time.GetTimestamp());
        }
    }
}
