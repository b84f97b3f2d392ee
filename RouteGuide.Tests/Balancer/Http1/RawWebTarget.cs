using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RouteGuide.Tests.Balancer.Http1;

/// <summary>A target of HTTP/1.1 that keeps every octet it gets and answers by hand.</summary>
internal sealed class RawWebTarget : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<Connection, Task> _serve;
    private readonly ConcurrentBag<Connection> _connections = [];
    private readonly Task _accepting;

    private RawWebTarget(Func<Connection, Task> serve)
    {
        _serve = serve;
        _listener.Start();
        _accepting = Accept();
    }

    public Uri Url => new($"http://{_listener.LocalEndpoint}");

    public IReadOnlyCollection<Connection> Connections => _connections;

    /// <summary>All octets that came, on all connections.</summary>
    public string Received => string.Concat(_connections.Select(c => c.Received));

    /// <param name="serve">Is called for each connection, which ends with it.</param>
    public static RawWebTarget Start(Func<Connection, Task> serve) => new(serve);

    /// <summary>One that answers every head with the same octets.</summary>
    public static RawWebTarget Start(string response) => new(async connection =>
    {
        while (await connection.ReadHead() is not null) await connection.Send(response);
    });

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var connection in _connections) connection.Dispose();
    }

    private async Task Accept()
    {
        while (true)
        {
            try
            {
                var connection = new Connection(await _listener.AcceptSocketAsync());
                _connections.Add(connection);
                _ = Serve(connection);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task Serve(Connection connection)
    {
        try
        {
            await _serve(connection);
            connection.Dispose();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            connection.Failure = e;
        }
    }

    internal sealed class Connection(Socket socket) : IDisposable
    {
        private readonly StringBuilder _received = new();
        private readonly byte[] _buffer = new byte[16 * 1024];
        private int _read;

        public Socket Socket => socket;

        /// <summary>Why it ended; null while it has not, or if in order.</summary>
        public Exception? Failure { get; set; }

        /// <summary>The balancer has closed it.</summary>
        public bool HasEnded { get; private set; }

        public string Received
        {
            get
            {
                lock (_received) return _received.ToString();
            }
        }

        /// <summary>Reads until a head is whole and returns it; null if the connection ends.</summary>
        public async Task<string?> ReadHead()
        {
            var end = -1;
            while ((end = Received.IndexOf("\r\n\r\n", _read, StringComparison.Ordinal)) < 0)
            {
                if (!await ReadMore()) return null;
            }

            var head = Received[_read..(end + 4)];
            _read = end + 4;
            return head;
        }

        /// <summary>Reads until something has come after the last head, and returns all of it up to a mark.</summary>
        public async Task<string?> ReadUntil(string mark)
        {
            var end = -1;
            while ((end = Received.IndexOf(mark, _read, StringComparison.Ordinal)) < 0)
            {
                if (!await ReadMore()) return null;
            }

            var text = Received[_read..(end + mark.Length)];
            _read = end + mark.Length;
            return text;
        }

        public async Task<bool> ReadMore()
        {
            int count;
            try
            {
                count = await socket.ReceiveAsync(_buffer);
            }
            catch (SocketException)
            {
                count = 0;
            }

            if (count == 0)
            {
                HasEnded = true;
                return false;
            }

            lock (_received) _received.Append(Encoding.Latin1.GetString(_buffer, 0, count));
            return true;
        }

        public async Task Send(string text) => await socket.SendAsync(Encoding.Latin1.GetBytes(text));

        public void Dispose() => socket.Dispose();
    }
}
