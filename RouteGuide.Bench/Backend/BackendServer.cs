using System.Net;
using System.Net.Sockets;

namespace RouteGuide.Bench.Backend;

/// <summary>
/// The targets of the comparison: plaintext HTTP/2 with canned answers, one thread, several ports. It is as cheap as can be, so that the
/// core it shares with the load generator is not what limits a proxy.
/// </summary>
internal sealed class BackendServer : IDisposable
{
    private readonly Epoll _epoll = new();
    private readonly Dictionary<int, Socket> _listeners = [];
    private readonly Dictionary<int, BackendConnection> _connections = [];

    /// <param name="count">Ports to listen on, each free and on loopback.</param>
    public BackendServer(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(4096);
            var descriptor = (int)listener.SafeHandle.DangerousGetHandle();
            _listeners.Add(descriptor, listener);
            _epoll.Watch(descriptor, Epoll.Readable);
        }

        Ports = [.. _listeners.Values.Select(l => ((IPEndPoint)l.LocalEndPoint!).Port)];
    }

    public IReadOnlyList<int> Ports { get; }

    /// <summary>Serves until it is cancelled, which it notices within <see cref="Epoll.WaitMilliseconds"/>.</summary>
    public void Run(CancellationToken cancellation)
    {
        Action<int, uint> ready = OnReady;
        while (!cancellation.IsCancellationRequested) _epoll.Wait(ready);
    }

    public void Dispose()
    {
        foreach (var socket in _listeners.Values) socket.Dispose();
        foreach (var connection in _connections.Values) connection.Dispose();
        _epoll.Dispose();
    }

    private void OnReady(int descriptor, uint events)
    {
        if (_connections.TryGetValue(descriptor, out var connection))
        {
            if (connection.OnReady(events)) return;
            _connections.Remove(descriptor);
            _epoll.Forget(descriptor);
            connection.Dispose();
        }
        else if (_listeners.TryGetValue(descriptor, out var listener))
        {
            Accept(listener);
        }
    }

    private void Accept(Socket listener)
    {
        try
        {
            while (true)
            {
                var socket = listener.Accept();
                socket.Blocking = false;
                socket.NoDelay = true;
                var connection = new BackendConnection(socket, _epoll);
                _connections.Add(connection.Descriptor, connection);
                _epoll.Watch(connection.Descriptor, Epoll.Readable);
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock)
        {
            // All that waited are accepted.
        }
    }
}
