namespace RouteGuide.Dashboard.Streaming;

/// <summary>Wakes all who wait that something has changed. Beats that nobody waits for are one: who looks late looks once.</summary>
internal sealed class Pulse
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the next beat. Taken before the state is looked at, no change is missed.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Beat() => Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
}
