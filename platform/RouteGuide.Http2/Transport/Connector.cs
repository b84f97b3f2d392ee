using System.Net;
using System.Net.Sockets;

namespace RouteGuide.Http2.Transport;

/// <summary>TCP connections. A rare thing, so they are made on the thread pool; only the connected socket comes to the loop.</summary>
internal sealed class Connector : IConnector
{
    /// <summary>It holds nothing, so one does.</summary>
    public static Connector Sockets { get; } = new();

    /// <inheritdoc/>
    public void Connect(EventLoop loop, string host, int port, TimeSpan timeout, Action<IChannel?, string?> done) =>
        _ = Task.Run(async () =>
        {
            Socket? socket = null;
            string? reason = null;
            try
            {
                socket = await Connect(host, port, timeout);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ArgumentException)
            {
                reason = e is OperationCanceledException ? $"no connection within {timeout.TotalSeconds} s" : e.Message;
            }

            loop.Post(() => Hand(loop, socket, reason, done));
        });

    private static async Task<Socket> Connect(string host, int port, TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, limit.Token);
        SocketException? last = null;
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                if (OperatingSystem.IsLinux()) ConnectSynchronously(socket, new IPEndPoint(address, port), timeout);
                else await socket.ConnectAsync(new IPEndPoint(address, port), limit.Token);
                KeepAlive(socket);
                return socket;
            }
            catch (SocketException e)
            {
                socket.Dispose();
                last = e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    // An asynchronous operation would register the socket with the framework's own epoll for good, whose threads would then wake up for
    // everything that the loop reads.
    private static void ConnectSynchronously(Socket socket, IPEndPoint address, TimeSpan timeout)
    {
        socket.Blocking = false;
        try
        {
            socket.Connect(address);
            return;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
        }

        if (!socket.Poll(timeout, SelectMode.SelectWrite)) throw new SocketException((int)SocketError.TimedOut);
        var error = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        if (error != 0) throw new SocketException(error);
    }

    /// <summary>
    /// Has the kernel find out about a target whose host vanished without a word, also while nothing is asked of it. HTTP/2 PINGs would do
    /// it too, but gRPC servers end idle connections that have them.
    /// </summary>
    public static void KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);

        // Keep-alive says nothing while sent octets wait for their acknowledgement.
        SetUserTimeout(socket, 25_000);
    }

    /// <summary>
    /// Lets a peer that is there read nothing for as long as it likes, which <see cref="KeepAlive"/> takes for its end: the kernel counts a closed window
    /// too, whose probes are answered.
    /// </summary>
    public static void WaitForSlowReaders(Socket socket) => SetUserTimeout(socket, 0);

    // TCP_USER_TIMEOUT; 0 is the system's own, minutes.
    private static void SetUserTimeout(Socket socket, int milliseconds)
    {
        const int Tcp = 6;
        const int UserTimeout = 18;
        if (OperatingSystem.IsLinux()) socket.SetRawSocketOption(Tcp, UserTimeout, BitConverter.GetBytes(milliseconds));
    }

    private static void Hand(EventLoop loop, Socket? socket, string? reason, Action<IChannel?, string?> done)
    {
        SocketChannel? channel = null;
        try
        {
            if (socket is not null) channel = new SocketChannel(loop, socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            socket!.Dispose();
            reason = e.Message;
        }

        done(channel, reason);
    }
}
