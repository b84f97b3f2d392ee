using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Tcp;

/// <summary>A target that is nothing but sockets: a test says what becomes of each connection.</summary>
internal sealed class SocketTarget : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<Socket> _waiting = new();
    private readonly ConcurrentBag<Socket> _all = [];
    private readonly Func<Socket, Task>? _serve;
    private readonly Task _accepting;
    private int _count;

    /// <param name="serve">Done with each connection, which is closed after; without, <see cref="Next"/> hands them out.</param>
    public SocketTarget(Func<Socket, Task>? serve = null)
    {
        _serve = serve;
        _listener.Start();
        _accepting = Accept();
    }

    public Uri Url => new($"http://{_listener.LocalEndpoint}");

    /// <summary>Connections that came.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Sends back what comes, until its end.</summary>
    public static async Task Echo(Socket socket)
    {
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await socket.ReceiveAsync(buffer)) > 0)
        {
            for (var at = 0; at < count;) at += await socket.SendAsync(buffer.AsMemory(at, count - at));
        }
    }

    /// <summary>The next connection.</summary>
    public async Task<Socket> Next()
    {
        Socket? next = null;
        await Eventually.Until(() => _waiting.TryDequeue(out next), "a connection comes");
        return next!;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        foreach (var socket in _all) socket.Dispose();
    }

    private async Task Accept()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptSocketAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            socket.NoDelay = true;
            _all.Add(socket);
            Interlocked.Increment(ref _count);
            if (_serve is null) _waiting.Enqueue(socket);
            else _ = Serve(socket);
        }
    }

    private async Task Serve(Socket socket)
    {
        try
        {
            await _serve!(socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // The other side's end is the end.
        }

        socket.Dispose();
    }
}
