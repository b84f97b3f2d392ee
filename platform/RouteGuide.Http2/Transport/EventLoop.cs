using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace RouteGuide.Http2.Transport;

/// <summary>
/// A thread that owns connections and everything that hangs on them. A turn: what is ready is read, what other threads posted is done,
/// timers fire, and whoever asked for it is told that the turn ends (that is where output is flushed, once for all that was read).
/// </summary>
internal sealed class EventLoop
{
    /// <summary>Octets read at once. Large, as it is there only once per loop.</summary>
    public const int ReadSize = 64 * 1024;

    private readonly IPoller _poller;
    private readonly Action _updateTime;
    private readonly TimeProvider _time;
    private readonly Action<Exception> _onError;
    private readonly long _started;
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly ConcurrentQueue<ILoopWork> _work = new();
    private readonly Thread _thread;
    private readonly ITimer? _alarm; // wakes it when another clock than the system's says so
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<Action> _again = [];
    private List<Action> _current = [];
    private volatile bool _stopping;
    private int _awake = 1;

    /// <param name="name">Of its thread.</param>
    /// <param name="poller">Its own; disposed with it.</param>
    /// <param name="time">What time it is.</param>
    /// <param name="onError">Is told of exceptions that nobody else has caught; the loop goes on.</param>
    public EventLoop(string name, IPoller poller, TimeProvider time, Action<Exception> onError)
    {
        _poller = poller;
        _time = time;
        _onError = onError;
        _started = time.GetTimestamp();
        _updateTime = OnAwake;
        Timers = new TimerWheel(0);
        if (time != TimeProvider.System) _alarm = time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>Milliseconds since the loop was made, as of the beginning of this turn.</summary>
    public long NowMs { get; private set; }

    /// <summary>The same, as the clock counts.</summary>
    public long Timestamp { get; private set; }

    /// <summary>The time from a <see cref="Timestamp"/> to the beginning of this turn.</summary>
    public TimeSpan ElapsedSince(long timestamp) => _time.GetElapsedTime(timestamp, Timestamp);

    public TimerWheel Timers { get; }

    /// <summary>Milliseconds that a connection which was closed here is still read from; see <see cref="SocketChannel"/>.</summary>
    public int LingerMs { get; set; } = 2_000;

    /// <summary>What sockets are read into. Good until the next read.</summary>
    public byte[] ReadBuffer { get; } = GC.AllocateUninitializedArray<byte>(ReadSize, pinned: true);

    /// <summary>What TLS is decrypted into. Good until the next read.</summary>
    public byte[] PlainBuffer { get; } = GC.AllocateUninitializedArray<byte>(ReadSize, pinned: true);

    /// <summary>Is called at the end of each turn.</summary>
    public Action? TurnEnding { get; set; }

    public bool IsCurrent => Thread.CurrentThread == _thread;

    /// <summary>Completes when the thread has ended.</summary>
    public Task Ended => _ended.Task;

    internal IPoller Poller => _poller;

    // Without the caller's async-local values, which must not live as long as the thread.
    public void Start() => _thread.UnsafeStart();

    /// <summary>Has the thread end after this turn. Whoever owns connections has closed them before.</summary>
    public void Stop()
    {
        _stopping = true;
        Wake();
    }

    /// <summary>Does something on the loop's thread. Any thread.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        Wake();
    }

    /// <inheritdoc cref="Post(Action)"/>
    public void Post(ILoopWork work)
    {
        _work.Enqueue(work);
        Wake();
    }

    /// <summary>Does something in the next turn, which comes at once. The loop's thread.</summary>
    public void Again(Action action) => _again.Add(action);

    /// <summary>Awaiting it continues on the loop's thread, at once if it is the current one.</summary>
    public LoopEntry Enter() => new(this);

    /// <summary>Runs something that must not take the loop down with it.</summary>
    public void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            _onError(e);
        }
    }

    internal void Report(Exception e) => _onError(e);

    private void Wake()
    {
        // One call into the kernel per sleep, however many post.
        if (Interlocked.Exchange(ref _awake, 1) == 0) _poller.Wake();
    }

    private void Run()
    {
        while (!_stopping)
        {
            // Who posts after this line wakes; who posted before it is seen now.
            Interlocked.Exchange(ref _awake, 0);
            var idle = _posted.IsEmpty && _work.IsEmpty && _again.Count == 0;
            UpdateTime();
            _poller.Wait(idle ? PatienceMs() : 0, _updateTime);
            RunAgain();
            RunPosted();
            Timers.Advance(NowMs, _onError);
            if (TurnEnding is { } ending) Guard(ending);
        }

        RunPosted();
        _poller.Dispose();
        _alarm?.Dispose();
        _ended.SetResult();
    }

    // How long the poller may wait, which it does in the system's time.
    private int PatienceMs()
    {
        var untilTimer = Timers.MillisecondsToNext(NowMs);
        if (_alarm is null || untilTimer <= 0) return untilTimer;
        var before = NowMs;
        _alarm.Change(TimeSpan.FromMilliseconds(untilTimer), Timeout.InfiniteTimeSpan);
        UpdateTime();
        return NowMs == before ? -1 : 0;
    }

    // What is posted from here on is seen in this turn, without a call into the kernel.
    private void OnAwake()
    {
        Volatile.Write(ref _awake, 1);
        UpdateTime();
    }

    private void RunPosted()
    {
        while (_posted.TryDequeue(out var action)) Guard(action);
        while (_work.TryDequeue(out var work))
        {
            try
            {
                work.Run();
            }
            catch (Exception e)
            {
                _onError(e);
            }
        }
    }

    private void RunAgain()
    {
        if (_again.Count == 0) return;
        (_again, _current) = (_current, _again);
        foreach (var action in _current) Guard(action);
        _current.Clear();
    }

    private void UpdateTime()
    {
        Timestamp = _time.GetTimestamp();
        NowMs = (long)ElapsedSince(_started).TotalMilliseconds;
    }

    internal readonly struct LoopEntry(EventLoop loop) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => loop.IsCurrent;

        public LoopEntry GetAwaiter() => this;

        public void GetResult() => Debug.Assert(loop.IsCurrent, "the loop's thread continues");

        public void OnCompleted(Action continuation) => loop.Post(continuation);

        public void UnsafeOnCompleted(Action continuation) => loop.Post(continuation);
    }
}
