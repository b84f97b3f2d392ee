namespace RouteGuide.Http2.Transport;

/// <summary>The event loops of the process. New connections go to them in turn.</summary>
internal sealed class LoopGroup
{
    private readonly EventLoop[] _loops;
    private uint _turn = uint.MaxValue;

    /// <param name="name">Of their threads, before a number.</param>
    /// <param name="count">Loops, 1 and up; one per core is best.</param>
    /// <param name="portable">Managed sockets alone, also where the system has something better.</param>
    /// <param name="time">What time it is.</param>
    /// <param name="onError">Is told of exceptions that nobody has caught.</param>
    public LoopGroup(string name, int count, bool portable, TimeProvider time, Action<Exception> onError)
    {
        _loops = new EventLoop[count];
        for (var i = 0; i < count; i++) _loops[i] = new EventLoop($"{name} {i}", NewPoller(portable), time, onError);
    }

    public IReadOnlyList<EventLoop> Loops => _loops;

    public EventLoop Next() => _loops[Interlocked.Increment(ref _turn) % (uint)_loops.Length];

    public void Start()
    {
        foreach (var loop in _loops) loop.Start();
    }

    /// <summary>Ends the threads; whoever owns connections has closed them before.</summary>
    public Task Stop()
    {
        foreach (var loop in _loops) loop.Stop();
        return Task.WhenAll(_loops.Select(l => l.Ended));
    }

    private static IPoller NewPoller(bool portable) => !portable && OperatingSystem.IsLinux() ? new EpollPoller() : new PortablePoller();
}
