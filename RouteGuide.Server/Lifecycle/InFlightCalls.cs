namespace RouteGuide.Server.Lifecycle;

/// <summary>Counts the calls that run, so that the end can wait for them.</summary>
internal sealed class InFlightCalls
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _none;
    private int _count;

    public int Count
    {
        get
        {
            lock (_lock) return _count;
        }
    }

    public void Enter()
    {
        lock (_lock) _count++;
    }

    public void Exit()
    {
        TaskCompletionSource? none = null;
        lock (_lock)
        {
            if (--_count == 0) (none, _none) = (_none, null);
        }

        none?.SetResult();
    }

    /// <summary>Returns when no call runs.</summary>
    public Task WaitForNone(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_count == 0) return Task.CompletedTask;
            _none ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _none.Task.WaitAsync(cancellationToken);
        }
    }
}
