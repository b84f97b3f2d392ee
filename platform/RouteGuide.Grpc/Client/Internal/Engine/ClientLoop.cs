using RouteGuide.Http2;
using RouteGuide.Http2.Connections;
using RouteGuide.Http2.Transport;

namespace Grpc.Net.Client.Internal.Engine;

/// <summary>An event loop with the connections of the channels that were given to it.</summary>
internal sealed class ClientLoop : Http2Loop
{
    private const int TickMs = 1_000;

    private readonly List<IThreadPoolWorkItem> _arrivals = [];
    private readonly List<ConnectionPool> _toServe = [];
    private readonly List<ConnectionPool> _pools = [];
    private readonly LoopTimer _tick;

    public ClientLoop(EventLoop loop)
        : base(loop, new Http2Resources())
    {
        _tick = new LoopTimer(Tick);
        loop.TurnEnding = EndTurn;
    }

    /// <summary>There are connections to look after.</summary>
    public void Add(ConnectionPool pool)
    {
        if (_pools.Contains(pool)) return;
        _pools.Add(pool);
        // Without any the loop sleeps.
        if (!_tick.IsSet) Timers.Set(_tick, NowMs + TickMs);
    }

    public void Remove(ConnectionPool pool)
    {
        _pools.Remove(pool);
        if (_pools.Count == 0) Timers.Clear(_tick);
    }

    /// <summary>Somebody waits for what has come. It is told when the turn ends, as the rest of it may come in the same.</summary>
    public void AtTurnEnd(IThreadPoolWorkItem arrival) => _arrivals.Add(arrival);

    public void AtTurnEnd(ConnectionPool pool) => _toServe.Add(pool);

    private void EndTurn()
    {
        while (_arrivals.Count + _toServe.Count > 0 || IsDirty)
        {
            // The application's code never runs here.
            foreach (var arrival in _arrivals) ThreadPool.UnsafeQueueUserWorkItem(arrival, preferLocal: false);
            _arrivals.Clear();
            for (var i = 0; i < _toServe.Count; i++) _toServe[i].Serve();
            _toServe.Clear();
            FlushDirty();
        }
    }

    private void Tick()
    {
        Timers.Set(_tick, NowMs + TickMs);
        foreach (var pool in _pools.ToArray()) pool.Tick();
    }
}
