namespace RouteGuide.Balancer.Proxy.Tcp;

/// <summary>What a listener in TCP mode has done. Counted by all loops, read by any thread.</summary>
internal sealed class TcpCounters
{
    private readonly long[] _ends = new long[Enum.GetValues<TcpEnding>().Length];
    private long _begun;
    private long _over;
    private long _connectFailures;
    private long _fromClients;
    private long _fromTargets;

    /// <summary>Connections of clients since the start.</summary>
    public long Begun => Interlocked.Read(ref _begun);

    /// <summary>Connections that are open.</summary>
    public long Active => Math.Max(0, Begun - Interlocked.Read(ref _over));

    /// <summary>Attempts to connect to a target that failed.</summary>
    public long ConnectFailures => Interlocked.Read(ref _connectFailures);

    /// <summary>Octets that clients have sent; those of open connections as of the last second.</summary>
    public long FromClients => Interlocked.Read(ref _fromClients);

    /// <summary>Octets that targets have sent; as above.</summary>
    public long FromTargets => Interlocked.Read(ref _fromTargets);

    /// <summary>Connections that have ended in one way.</summary>
    public long Ended(TcpEnding how) => Interlocked.Read(ref _ends[(int)how]);

    public void OnBegin() => Interlocked.Increment(ref _begun);

    public void OnConnectFailure() => Interlocked.Increment(ref _connectFailures);

    public void OnOctets(long fromClient, long fromTarget)
    {
        if (fromClient > 0) Interlocked.Add(ref _fromClients, fromClient);
        if (fromTarget > 0) Interlocked.Add(ref _fromTargets, fromTarget);
    }

    public void OnEnd(TcpEnding how)
    {
        Interlocked.Increment(ref _ends[(int)how]);
        Interlocked.Increment(ref _over);
    }
}

/// <summary>How a connection in TCP mode ended.</summary>
internal enum TcpEnding
{
    /// <summary>Both ends have said all they had to say.</summary>
    Finished,

    /// <summary>The client broke it off.</summary>
    ClientReset,

    /// <summary>The target broke it off.</summary>
    TargetReset,

    /// <summary>No target could be connected to.</summary>
    NoTarget,

    /// <summary>Every target had as many connections as it may have.</summary>
    Full,

    /// <summary>Both ends were silent for too long.</summary>
    Idle,

    /// <summary>Memory was short.</summary>
    Evicted,

    /// <summary>The balancer stopped, and it had had its time.</summary>
    Stopped,
}
