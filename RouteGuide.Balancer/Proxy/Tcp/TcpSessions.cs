using RouteGuide.Http2;

namespace RouteGuide.Balancer.Proxy.Tcp;

/// <summary>The connections in TCP mode of one event loop.</summary>
/// <param name="shared">What the loops share.</param>
/// <param name="memory">Where held octets are counted.</param>
/// <param name="slot">The loop's, as in <see cref="Routing.Metering.Slots{T}"/>.</param>
internal sealed class TcpSessions(ProxyShared shared, MemoryLedger memory, int slot)
{
    private readonly HashSet<TcpSession> _sessions = [];
    private readonly List<TcpSession> _ticking = [];
    private TaskCompletionSource? _emptied;

    public ProxyShared Shared => shared;

    public MemoryLedger Memory => memory;

    /// <summary>Writes down what became of a connection, if somebody reads it.</summary>
    public void Log(in ExchangeReport report)
    {
        if (shared.Log.IsEnabled) shared.Log.Write(slot, in report);
    }

    /// <summary>The one that holds the most octets; null if there is none.</summary>
    public TcpSession? Largest => _sessions.MaxBy(static s => s.HeldOctets);

    public void Add(TcpSession session) => _sessions.Add(session);

    public void Remove(TcpSession session)
    {
        _sessions.Remove(session);
        if (_sessions.Count == 0) _emptied?.TrySetResult();
    }

    /// <summary>Completes when the last one has ended. Nobody can be asked to leave: what is said on them is not known.</summary>
    public Task Drain()
    {
        _emptied ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_sessions.Count == 0) _emptied.TrySetResult();
        return _emptied.Task;
    }

    /// <summary>Ends those that are left.</summary>
    public void Close()
    {
        foreach (var session in _sessions.ToArray()) session.Abort(TcpEnding.Stopped);
    }

    /// <summary>About once a second.</summary>
    public void Tick()
    {
        _ticking.AddRange(_sessions);
        foreach (var session in _ticking) session.Tick();
        _ticking.Clear();
    }
}
