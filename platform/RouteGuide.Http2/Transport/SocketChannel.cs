using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RouteGuide.Http2.Transport;

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
    private bool _finished; // the peer will send no more, and the handler knows
    private string? _broken; // why nothing can be sent any more; what the peer sent before is read all the same
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

    public IPEndPoint Remote { get; private set; }

    public IPEndPoint Local { get; private set; }

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

    /// <summary>A proxy in front has said whose connection this is.</summary>
    public void Assume(IPEndPoint remote, IPEndPoint local) => (Remote, Local) = (remote, local);

    /// <summary>
    /// Sends as much as the socket takes now; the rest is the caller's, and so is the memory. What cannot be sent for an error counts as taken: the
    /// handler hears of the end when it has been given what the peer sent before.
    /// </summary>
    /// <returns>Octets taken.</returns>
    public int Offer(ReadOnlySpan<byte> octets)
    {
        Debug.Assert(!IsSending && !_closing, "one write at a time, and none after the end");
        var taken = 0;
        while (taken < octets.Length && !_disposed && _broken is null)
        {
            var sent = Socket.Send(octets[taken..], SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock) return taken;
            if (error == SocketError.Success) taken += sent;
            else Break(error);
        }

        return octets.Length;
    }

    /// <summary>Says to the peer that no more will come; what it sends is still reported.</summary>
    public void EndOutput()
    {
        Debug.Assert(!IsSending, "what was sent has left");
        if (_disposed || _broken is not null) return;
        try
        {
            Socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException e)
        {
            Break(e.SocketErrorCode);
        }
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

    /// <summary>Ends the connection at once, and the peer is to know that it was broken off: it gets a reset.</summary>
    public void Reset()
    {
        if (!_disposed)
        {
            try
            {
                Socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }
            catch (SocketException)
            {
                // Without: it is gone already.
            }
        }

        Abort();
    }

    /// <summary>There is something to read, or the end.</summary>
    /// <param name="error">What the poller was told, which the socket tells only once.</param>
    internal void OnReadable(SocketError error = SocketError.Success)
    {
        if (error != SocketError.Success) _broken ??= Text(error);
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
                if (error == SocketError.Success && !_ended && _broken is null && _handler is IDuplexHandler duplex) Finish(duplex);
                else End(_broken ?? (error == SocketError.Success ? null : Text(error)));
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

    // Of one way: the other goes on. Errors of that are told by reading, too, which then finds more than the end.
    private void Finish(IDuplexHandler handler)
    {
        if (_finished) return;
        _finished = true;
        handler.OnFinished();
    }

    // Its reading side finds out, once it has read what is there.
    private void Break(SocketError error)
    {
        _broken = Text(error);
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
            End("an error of this end's own");
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
