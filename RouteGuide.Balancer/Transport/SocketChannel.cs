using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RouteGuide.Balancer.Transport;

/// <summary>A TCP connection on its loop. The socket never blocks; the poller says when it is worth trying.</summary>
internal sealed class SocketChannel : IChannel
{
    // Reads of one turn, so that one peer that sends without end does not keep the others waiting.
    private const int ReadsPerTurn = 4;

    // After our end the peer's rest is read and dropped for a moment: closing with unread octets would reset the connection, and the
    // reset could destroy what we said last. For how long says the loop.
    private const int LingerOctets = 1024 * 1024;

    private LoopTimer? _linger; // made at the end: an idle connection has none
    private IChannelHandler? _handler;
    private ReadOnlyMemory<byte> _rest;
    private bool _paused;
    private bool _readable; // something may be there although nobody waits for it
    private bool _queued; // OnReadable is to be called in the next turn
    private bool _closing; // when what was sent has left
    private bool _ended; // the handler hears nothing more
    private bool _disposed;
    private int _dropped;

    /// <summary>Takes over a connected socket.</summary>
    public SocketChannel(EventLoop loop, Socket socket)
    {
        Loop = loop;
        Socket = socket;
        socket.Blocking = false;
        socket.NoDelay = true;
        Remote = (IPEndPoint)socket.RemoteEndPoint!;
        Local = (IPEndPoint)socket.LocalEndPoint!;
    }

    public EventLoop Loop { get; }

    public Socket Socket { get; }

    public IPEndPoint Remote { get; }

    public IPEndPoint Local { get; }

    public bool IsSending { get; private set; }

    public bool HasPeerClosed => PeerState.HasClosed(Socket);

    /// <summary>Whatever the poller keeps of it.</summary>
    internal object? PollerState { get; set; }

    /// <summary>Where the poller keeps it.</summary>
    internal int PollerSlot { get; set; }

    /// <summary>The poller knows that the peer's end has come: reading goes on until it is seen.</summary>
    internal bool EndIsNear { get; set; }

    public void Start(IChannelHandler handler)
    {
        Debug.Assert(Loop.IsCurrent, "a channel is used on its loop");
        var isFirst = _handler is null;
        _handler = handler;
        if (!isFirst) return;
        Loop.Poller.Add(this);
        QueueRead();
    }

    public bool TrySend(ReadOnlyMemory<byte> octets)
    {
        Debug.Assert(!IsSending && !_closing, "one write at a time, and none after the end");
        if (_disposed) return true;
        octets = SendNow(octets);
        if (octets.IsEmpty || _disposed) return true;
        IsSending = true;
        _rest = octets;
        Loop.Poller.AwaitWritable(this, octets);
        return false;
    }

    public void PauseReading() => _paused = true;

    public void ResumeReading()
    {
        if (!_paused) return;
        _paused = false;
        if (_readable) QueueRead();
    }

    public void Close()
    {
        if (_disposed) return;
        _ended = true;
        _closing = true;
        if (IsSending) Loop.Timers.Set(_linger ??= new LoopTimer(Dispose), Loop.NowMs + Loop.LingerMs);
        else Linger();
    }

    public void Abort()
    {
        _ended = true;
        Dispose();
    }

    /// <summary>There is something to read, or the end.</summary>
    internal void OnReadable()
    {
        _readable = true;
        if (!_disposed && (!_paused || _ended) && !_queued) Read();
    }

    /// <summary>The socket takes octets again.</summary>
    /// <param name="sent">Octets of the rest that have left already.</param>
    /// <param name="error">What went wrong with them.</param>
    internal void OnWritable(int sent, SocketError error)
    {
        if (!IsSending) return;
        _rest = _rest[sent..];
        if (error != SocketError.Success) Fail(error);
        else if (!_rest.IsEmpty && !_disposed) _rest = SendNow(_rest);
        if (!_disposed && !_rest.IsEmpty)
        {
            Loop.Poller.AwaitWritable(this, _rest);
            return;
        }

        IsSending = false;
        _rest = default;
        if (_disposed) return;
        if (_closing) Linger();
        else if (!_ended) _handler!.OnSent();
    }

    private ReadOnlyMemory<byte> SendNow(ReadOnlyMemory<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            var sent = Socket.Send(octets.Span, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock) return octets;
            if (error != SocketError.Success)
            {
                Fail(error);
                return default;
            }

            octets = octets[sent..];
        }

        return octets;
    }

    private void QueueRead()
    {
        if (_queued) return;
        _queued = true;
        Loop.Again(() =>
        {
            _queued = false;
            OnReadable();
        });
    }

    private void Read()
    {
        var buffer = Loop.ReadBuffer;
        for (var i = 0; i < ReadsPerTurn; i++)
        {
            var count = Socket.Receive(buffer, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                Rearm();
                return;
            }

            if (error != SocketError.Success || count == 0)
            {
                End(error == SocketError.Success ? null : Text(error));
                return;
            }

            if (_ended) Drop(count);
            else Deliver(buffer.AsSpan(0, count));
            if (_disposed || (_paused && !_ended)) return;
            if (count < buffer.Length && !EndIsNear)
            {
                // The socket is empty, so asking again would only say so.
                Rearm();
                return;
            }
        }

        QueueRead();
    }

    private void Rearm()
    {
        _readable = false;
        Loop.Poller.AwaitReadable(this);
    }

    // Whatever goes wrong with one connection's octets is its own end, not the loop's.
    private void Deliver(ReadOnlySpan<byte> octets)
    {
        try
        {
            _handler!.OnReceived(octets);
        }
        catch (Exception e)
        {
            Loop.Report(e);
            End("an error of the balancer's own");
        }
    }

    private void Drop(int count)
    {
        _dropped += count;
        if (_dropped > LingerOctets) Dispose();
    }

    private void Linger()
    {
        try
        {
            Socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // It is gone already, which is what was wanted.
            Dispose();
            return;
        }

        Loop.Timers.Set(_linger ??= new LoopTimer(Dispose), Loop.NowMs + Loop.LingerMs);
        if (_readable || _paused) QueueRead();
    }

    // Out of a call of the handler's, which must not be called back from inside it.
    private void Fail(SocketError error)
    {
        var text = Text(error);
        Loop.Again(() => End(text));
    }

    private void End(string? reason)
    {
        Dispose();
        if (_ended) return;
        _ended = true;
        _handler!.OnEnded(reason);
    }

    private void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (_linger is not null) Loop.Timers.Clear(_linger);
        if (_handler is not null) Loop.Poller.Remove(this);
        Socket.Dispose();
    }

    private static string Text(SocketError error) => new SocketException((int)error).Message;
}
