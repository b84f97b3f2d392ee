namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>What the calls to one server came to.</summary>
internal sealed class CallCounts
{
    private long _inFlight;
    private long _started;
    private long _failed;

    public long InFlight => Volatile.Read(ref _inFlight);

    public long Started => Volatile.Read(ref _started);

    public long Failed => Volatile.Read(ref _failed);

    public void Start()
    {
        Interlocked.Increment(ref _started);
        Interlocked.Increment(ref _inFlight);
    }

    public void End(bool hasFailed)
    {
        Interlocked.Decrement(ref _inFlight);
        if (hasFailed) Interlocked.Increment(ref _failed);
    }
}

/// <summary>The stay of a call at a server.</summary>
/// <param name="Counts">Where it is counted.</param>
/// <param name="Server">The server; null if it was not picked.</param>
internal sealed record Visit(CallCounts Counts, Picked? Server);
