using System.Collections.Concurrent;
using System.Net.Sockets;

namespace RouteGuide.Http2.Transport;

/// <summary>
/// Readiness on every system, by asynchronous operations of managed sockets: a receive of no octets completes when there is something
/// to receive. Completions come on other threads and are handed to the loop.
/// </summary>
internal sealed class PortablePoller : IPoller
{
    private readonly ConcurrentQueue<Operation> _completed = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private int _sleeping;

    public void Add(SocketChannel channel)
    {
    }

    public void Remove(SocketChannel channel)
    {
        // Operations under way complete with an error once the socket is closed; the loop then drops them.
        if (channel.PollerState is Pair pair) pair.Removed = true;
    }

    public void AwaitReadable(SocketChannel channel)
    {
        var operation = PairOf(channel).Receive;
        operation.Start(static (socket, arguments) => socket.ReceiveAsync(arguments));
    }

    public void AwaitWritable(SocketChannel channel, ReadOnlyMemory<byte> rest)
    {
        var operation = PairOf(channel).Send;
        operation.SetBuffer(System.Runtime.InteropServices.MemoryMarshal.AsMemory(rest));
        operation.Start(static (socket, arguments) => socket.SendAsync(arguments));
    }

    public void Wait(int timeoutMs, Action onAwake)
    {
        if (_completed.IsEmpty && timeoutMs != 0)
        {
            Interlocked.Exchange(ref _sleeping, 1);
            if (_completed.IsEmpty) _wake.WaitOne(timeoutMs);
            Interlocked.Exchange(ref _sleeping, 0);
        }

        onAwake();
        // What completes meanwhile comes in the next turn.
        for (var left = _completed.Count; left > 0 && _completed.TryDequeue(out var operation); left--) operation.Report();
    }

    public void Wake() => _wake.Set();

    public void Dispose() => _wake.Dispose();

    private Pair PairOf(SocketChannel channel) => (Pair)(channel.PollerState ??= new Pair(this, channel));

    private void Complete(Operation operation)
    {
        _completed.Enqueue(operation);
        if (Interlocked.Exchange(ref _sleeping, 0) == 1) _wake.Set();
    }

    private sealed class Pair
    {
        public Pair(PortablePoller poller, SocketChannel channel)
        {
            Receive = new Operation(poller, channel, this, isSend: false);
            Send = new Operation(poller, channel, this, isSend: true);
        }

        public Operation Receive { get; }

        public Operation Send { get; }

        public bool Removed { get; set; }
    }

    private sealed class Operation(PortablePoller poller, SocketChannel channel, Pair pair, bool isSend) : SocketAsyncEventArgs(true)
    {
        private bool _underWay;

        public void Start(Func<Socket, SocketAsyncEventArgs, bool> start)
        {
            if (_underWay) return;
            _underWay = true;
            if (!start(channel.Socket, this)) poller.Complete(this);
        }

        /// <summary>On the loop's thread.</summary>
        public void Report()
        {
            _underWay = false;
            if (isSend) channel.OnWritable(SocketError == SocketError.Success ? BytesTransferred : 0, SocketError);
            else if (!pair.Removed) channel.OnReadable(SocketError);
            if (pair.Removed) Dispose();
        }

        protected override void OnCompleted(SocketAsyncEventArgs e) => poller.Complete(this);
    }
}
