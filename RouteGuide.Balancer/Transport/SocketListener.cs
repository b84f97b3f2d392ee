using System.Net;
using System.Net.Sockets;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Transport;

/// <summary>Takes connections on one address and hands each to a loop.</summary>
internal sealed class SocketListener : IAsyncDisposable
{
    private const int Backlog = 4096;

    // What accept(2) fails with when the process has no descriptor left: it is tried again after a moment.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private Task _accepting = Task.CompletedTask;
    private Taking? _taking;

    /// <summary>Listens from here on; nothing is taken before <see cref="Start"/>.</summary>
    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public SocketListener(IPEndPoint address, TimeProvider time)
    {
        _time = time;
        _socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Address.Equals(IPAddress.IPv6Any)) _socket.DualMode = true;
            // A port whose last connections linger can be taken again: the framework sees to it when it binds. To ask for it here would mean
            // SO_REUSEPORT too, by which two listeners share an address, and each gets some of the connections.
            _socket.Bind(address);
            _socket.Listen(Backlog);
            Address = (IPEndPoint)_socket.LocalEndPoint!;
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>With the port that was chosen.</summary>
    public IPEndPoint Address { get; }

    /// <param name="loops">Where the connections go.</param>
    /// <param name="gate">Says which are taken; it is told of those that end before they are handed over, of the others by whoever gets them.</param>
    /// <param name="onAccepted">Called on the loop's thread.</param>
    /// <param name="onError">Is told why connections cannot be taken.</param>
    public void Start(LoopGroup loops, IConnectionGate gate, Action<SocketChannel> onAccepted, Action<Exception> onError)
    {
        Use(gate, onAccepted);
        _accepting = Accept(loops, onError);
    }

    /// <summary>Connections from the next one on have another gate, and go to somebody else. Any thread.</summary>
    public void Use(IConnectionGate gate, Action<SocketChannel> onAccepted) => Volatile.Write(ref _taking, new Taking(gate, onAccepted));

    /// <summary>The address is free for others once this has returned.</summary>
    public void Close()
    {
        _stopping.Cancel();
        _socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task Accept(LoopGroup loops, Action<Exception> onError)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var socket = await _socket.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                var taking = Volatile.Read(ref _taking)!;
                // Here and not on the loop, whose queue a flood of connections would fill.
                if (AddressOf(socket) is not { } from || !taking.Gate.TryEnter(from))
                {
                    socket.Dispose();
                    continue;
                }

                var loop = loops.Next();
                loop.Post(() => Hand(loop, socket, from, taking));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                // The client was gone before it was taken.
            }
            catch (SocketException e)
            {
                if (_stopping.IsCancellationRequested) return;
                onError(e);
                await Task.Delay(Pause, _time).ConfigureAwait(false);
            }
        }
    }

    // Null if the client is gone already.
    private static IPAddress? AddressOf(Socket socket)
    {
        try
        {
            return ((IPEndPoint)socket.RemoteEndPoint!).Address;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static void Hand(EventLoop loop, Socket socket, IPAddress from, Taking taking)
    {
        SocketChannel channel;
        try
        {
            channel = new SocketChannel(loop, socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone before its turn came.
            socket.Dispose();
            taking.Gate.Leave(from);
            return;
        }

        taking.OnAccepted(channel);
    }

    private sealed record Taking(IConnectionGate Gate, Action<SocketChannel> OnAccepted);
}
