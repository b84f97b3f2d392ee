using RouteGuide.Balancer.Proxy.Http1;
using RouteGuide.Balancer.Proxy.Metering;
using RouteGuide.Balancer.Proxy.Tcp;
using RouteGuide.Balancer.Routing;
using RouteGuide.Http2;
using RouteGuide.Http2.Connections;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// What belongs to one event loop: its clients, its connections to targets, its calls. Nothing here is locked, as nobody else touches
/// it. Work that must not happen in the middle of a frame is put off to the end of the turn.
/// </summary>
internal sealed class ProxyLoop : Http2Loop
{
    private const int TickMs = 1_000;
    private const int MaxPooled = 4096;
    private const int CollectMs = 250;
    private const long LeastBudget = 16 * 1024 * 1024;

    /// <summary>Octets that a call takes besides its headers and bodies: its object, two streams, their places in tables.</summary>
    public const int CallOctets = 2048;

    private readonly Dictionary<Target, TargetPool> _pools = [];
    private readonly HashSet<ClientConnection> _clients = [];
    private readonly Stack<Exchange> _pool = new();
    private readonly List<Exchange> _over = [];
    private readonly List<TargetPool> _toServe = [];
    private readonly List<Http2Channel> _ticking = [];
    private readonly List<TargetPool> _tickingPools = [];
    private readonly LoopTimer _tick;
    private readonly HttpRelay? _relay;
    private TaskCompletionSource? _emptied;
    private long _collectedMs = -CollectMs;
    private bool _isWarm;
    private bool _closed;

    public ProxyLoop(EventLoop loop, ProxyShared shared, HttpRelay? relay = null)
        : base(loop, new Http2Resources(BudgetOf(shared.Options)))
    {
        Shared = shared;
        _relay = relay;
        Meter = shared.Meters.NewLoop();
        Tcp = new TcpSessions(shared, Resources.Memory, Meter.Slot);
        _tick = new LoopTimer(Tick);
        loop.TurnEnding = EndTurn;
        loop.LingerMs = shared.Options.Limits.LingerTimeoutMs;
    }

    public ProxyShared Shared { get; }

    /// <summary>Carries what goes to targets of HTTP/1.1.</summary>
    /// <exception cref="InvalidOperationException">The loop was made without.</exception>
    public HttpRelay Relay => _relay ?? throw new InvalidOperationException("This loop has no way to targets of HTTP/1.1.");

    /// <summary>Connections in TCP mode.</summary>
    public TcpSessions Tcp { get; }

    /// <summary>Of the request that is refused just now.</summary>
    public CallNotes RefusalNotes { get; } = new();

    /// <summary>What the loop counts.</summary>
    public LoopMeter Meter { get; }

    public Random Random { get; } = new();

    /// <summary>Scratch for the attempts of a call that has ended.</summary>
    public List<AttemptReport> Tries { get; } = [];

    /// <summary>No new clients are wanted.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>The loop's thread has begun to run.</summary>
    public void Start() => Timers.Set(_tick, NowMs + TickMs);

    public TargetPool PoolOf(ProxyGroup group, Target target) => _pools.TryGetValue(target, out var pool) ? pool : NewPool(group, target);

    /// <summary>From now on there are connections to all targets before a call needs them. A loop without clients does without.</summary>
    public void Warm()
    {
        if (_isWarm) return;
        _isWarm = true;
        foreach (var group in Shared.Groups.Current)
        {
            foreach (var entry in group.Group.Targets.Current.Entries) OnTargetAdded(group, entry.Target);
        }
    }

    /// <summary>There is a new target.</summary>
    public void OnTargetAdded(ProxyGroup group, Target target)
    {
        group.Queue.OnRoom();
        if (_isWarm && !_closed && !IsDraining && !target.IsClosed && group.Group.Version is (ProtocolVersion.Http2 or ProtocolVersion.Grpc)) PoolOf(group, target).Warm();
    }

    /// <summary>A call begins.</summary>
    public Exchange NewExchange()
    {
        if (!_pool.TryPop(out var exchange)) exchange = new Exchange(this);
        Resources.Memory.Add(CallOctets);
        return exchange;
    }

    /// <summary>A call is over; its object is free when this turn ends.</summary>
    public void Recycle(Exchange exchange) => _over.Add(exchange);

    public void AtTurnEnd(TargetPool pool) => _toServe.Add(pool);

    public void Add(ClientConnection client)
    {
        _clients.Add(client);
        if (IsDraining) client.Drain();
    }

    public void Remove(ClientConnection client)
    {
        _clients.Remove(client);
        if (_clients.Count == 0) _emptied?.TrySetResult();
    }

    /// <summary>Asks the clients to leave; calls that run go on.</summary>
    /// <returns>Completes when the last one has left.</returns>
    public Task Drain()
    {
        IsDraining = true;
        _emptied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var client in _clients) client.Drain();
        if (_clients.Count == 0) _emptied.SetResult();
        return Task.WhenAll(_emptied.Task, Tcp.Drain());
    }

    /// <summary>Asks the clients of one listener to leave; calls that run go on.</summary>
    public void Drain(ProxyListener listener)
    {
        foreach (var client in _clients)
        {
            if (client.Listener == listener) client.Drain();
        }
    }

    /// <summary>Ends the calls that still run, each with a clear answer.</summary>
    public void EndCalls()
    {
        Tcp.Close();
        foreach (var client in _clients) client.EndCalls();
    }

    /// <summary>Closes whatever is left.</summary>
    public void Close()
    {
        _closed = true;
        foreach (var client in _clients.ToArray()) client.Abort("the balancer has stopped");
        Tcp.Close();
        foreach (var pool in _pools.Values) pool.Close();
        _pools.Clear();
        Timers.Clear(_tick);
    }

    // Apart from the look-up, as a lambda costs its method an object at every call, used or not.
    private TargetPool NewPool(ProxyGroup group, Target target)
    {
        var pool = new TargetPool(this, group, target);
        _pools.Add(target, pool);
        target.Ended.ContinueWith(_ => Loop.Post(() => Drop(target)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        target.Expired.UnsafeRegister(_ => Loop.Post(pool.EndCalls), null);
        return pool;
    }

    /// <summary>
    /// Evicts clients if more is held than may be. Called between reads too, as one turn reads from many, and what is read may grow manifold;
    /// no connection may be in the middle of a frame.
    /// </summary>
    public override void RelieveIfOver()
    {
        if (Resources.Memory.IsOver) Relieve();
    }

    private void Drop(Target target)
    {
        if (_pools.Remove(target, out var pool)) pool.Close();
    }

    // Each may cause more of the others, until nothing is left; flushing comes last, so that a connection is written once.
    private void EndTurn()
    {
        EndWork();
        RelieveIfOver();
    }

    // Evicted memory is old to the collector, which would let it lie for long. Little is left alive to look at, so this takes milliseconds.
    private void Relieve()
    {
        while (Resources.Memory.IsOver && TryEvict()) EndWork();
        if (NowMs - _collectedMs < CollectMs) return;
        _collectedMs = NowMs;
        GC.Collect();
    }

    // Whoever holds the most goes: a client with a few calls is never the one while another has gathered a thousand.
    private bool TryEvict()
    {
        var (client, session) = (_clients.MaxBy(static c => c.HeldOctets), Tcp.Largest);
        if (session is not null && session.HeldOctets > (client?.HeldOctets ?? 0)) session.Abort(TcpEnding.Evicted);
        else client?.Evict();
        return client is not null || session is not null;
    }

    // The loops do not lend each other. What they keep for use again counts too, so that little would be left of less than this.
    private static long BudgetOf(ProxyOptions options)
    {
        var whole = options.Limits.MemoryBudget > 0 ? options.Limits.MemoryBudget : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;
        return Math.Max(LeastBudget, whole / options.Loops);
    }

    private void EndWork()
    {
        while (_over.Count + _toServe.Count > 0 || IsDirty)
        {
            for (var i = 0; i < _over.Count; i++) Finish(_over[i]);
            _over.Clear();
            for (var i = 0; i < _toServe.Count; i++) _toServe[i].Serve();
            _toServe.Clear();
            if (_over.Count > 0) continue;
            FlushDirty();
        }
    }

    private void Finish(Exchange exchange)
    {
        Resources.Memory.Add(-CallOctets);
        exchange.Recycle();
        if (_pool.Count < MaxPooled) _pool.Push(exchange);
    }

    private void Tick()
    {
        Timers.Set(_tick, NowMs + TickMs);
        _ticking.AddRange(_clients);
        foreach (var client in _ticking) client.Tick();
        _ticking.Clear();
        Tcp.Tick();
        // What has become able to take calls says nothing of it.
        foreach (var group in Shared.Groups.Current) group.Queue.OnRoom();
        // A connection that is given up sends its calls to other targets, whose pools may be new.
        _tickingPools.AddRange(_pools.Values);
        foreach (var pool in _tickingPools) pool.Tick();
        _tickingPools.Clear();
    }
}
