using System.Net;
using System.Net.Sockets;

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

    /// <summary>Listens from here on; nothing is taken before <see cref="Start"/>.</summary>
    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public SocketListener(IPEndPoint address, TimeProvider time)
    {
        _time = time;
        _socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Address.Equals(IPAddress.IPv6Any)) _socket.DualMode = true;
            // A port that was left a moment ago can be taken again; on Windows the option means another thing.
            if (!OperatingSystem.IsWindows()) _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
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
    public void Start(LoopGroup loops, IConnectionGate gate, Action<SocketChannel> onAccepted, Action<Exception> onError) => _accepting = Accept(loops, gate, onAccepted, onError);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _socket.Dispose();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task Accept(LoopGroup loops, IConnectionGate gate, Action<SocketChannel> onAccepted, Action<Exception> onError)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var socket = await _socket.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                // Here and not on the loop, whose queue a flood of connections would fill.
                if (AddressOf(socket) is not { } from || !gate.TryEnter(from))
                {
                    socket.Dispose();
                    continue;
                }

                var loop = loops.Next();
                loop.Post(() => Hand(loop, socket, from, gate, onAccepted));
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

    private static void Hand(EventLoop loop, Socket socket, IPAddress from, IConnectionGate gate, Action<SocketChannel> onAccepted)
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
            gate.Leave(from);
            return;
        }

        onAccepted(channel);
    }
}
