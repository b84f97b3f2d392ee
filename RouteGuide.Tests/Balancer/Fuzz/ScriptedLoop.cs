using RouteGuide.Http2.Transport;

namespace RouteGuide.Tests.Balancer.Fuzz;

/// <summary>
/// An event loop whose poller is a script: each wait is one step of it, on the loop's own thread, in a time that the script makes. So whatever a
/// test does to the balancer's data path is done in one order and no other.
/// </summary>
internal sealed class ScriptedLoop : IDisposable
{
    private readonly Script _script = new();
    private Exception? _error;

    public ScriptedLoop()
    {
        Time = new ManualTime();
        Loop = new EventLoop("scripted loop", _script, Time, e => _error ??= e);
        Loop.Start();
    }

    public EventLoop Loop { get; }

    public ManualTime Time { get; }

    /// <summary>Runs steps until one returns false; each is followed by a whole turn of the loop.</summary>
    /// <exception cref="Exception">What a step threw, or anybody on the loop.</exception>
    public void Run(Func<bool> step)
    {
        using var done = new ManualResetEventSlim();
        _error = null;
        _script.Begin(() =>
        {
            try
            {
                if (_error is null && step()) return;
            }
            catch (Exception e)
            {
                _error ??= e;
            }

            // In this order: the next script may begin as soon as this one is known to be done.
            _script.End();
            done.Set();
        });
        done.Wait();
        if (_error is { } error) throw new InvalidOperationException($"On the loop: {error.Message}", error);
    }

    public void Dispose() => Loop.Stop();

    public sealed class ManualTime : TimeProvider
    {
        private long _milliseconds;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Volatile.Read(ref _milliseconds);

        public void Advance(int milliseconds) => Interlocked.Add(ref _milliseconds, milliseconds);
    }

    private sealed class Script : IPoller
    {
        private readonly AutoResetEvent _wake = new(initialState: false);
        private Action? _step;

        public void Begin(Action step)
        {
            Volatile.Write(ref _step, step);
            _wake.Set();
        }

        public void End() => Volatile.Write(ref _step, null);

        public void Wait(int timeoutMs, Action onAwake)
        {
            if (Volatile.Read(ref _step) is not { } step)
            {
                _wake.WaitOne();
                onAwake();
            }
            else
            {
                onAwake();
                step();
            }
        }

        public void Wake() => _wake.Set();

        public void Add(SocketChannel channel) => throw new NotSupportedException("There are no sockets here.");

        public void Remove(SocketChannel channel) => throw new NotSupportedException("There are no sockets here.");

        public void AwaitReadable(SocketChannel channel) => throw new NotSupportedException("There are no sockets here.");

        public void AwaitWritable(SocketChannel channel, ReadOnlyMemory<byte> rest) => throw new NotSupportedException("There are no sockets here.");

        public void Dispose() => _wake.Dispose();
    }
}
