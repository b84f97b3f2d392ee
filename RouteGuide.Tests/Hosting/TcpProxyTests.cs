using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.Execution;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Hosting;

public sealed class TcpProxyTests : IAsyncLifetime
{
    private readonly PortPicker _ports = new();
    private readonly List<IDisposable> _open = [];
    private TcpProxy _proxy = null!;

    public ValueTask InitializeAsync()
    {
        _proxy = TcpProxy.Listen(_ports.Pick());
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_connection_that_comes_early_waits_for_the_first_replica()
    {
        using var client = await ConnectAsync();
        await client.SendAsync("early"u8.ToArray());
        Assert.False(client.Poll(0, SelectMode.SelectRead));

        _proxy.AddTarget(StartEcho());

        Assert.Equal("early", await ReadAsync(client, 5));
    }

    [Fact]
    public async Task More_than_twenty_early_connections_are_refused_and_the_twenty_are_served()
    {
        var clients = new List<Socket>();
        for (var i = 0; i < 20; i++) clients.Add(await ConnectAsync());
        await Eventually.Until(() => Refused() is { } refused && refused, "the 21st connection is reset");

        _proxy.AddTarget(StartEcho());
        foreach (var client in clients)
        {
            await client.SendAsync("x"u8.ToArray());
            Assert.Equal("x", await ReadAsync(client, 1));
            client.Dispose();
        }

        // The twenty may not all be parked yet: then this one is, too, and is given up again.
        bool? Refused()
        {
            using var extra = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            extra.Connect(IPAddress.Loopback, _proxy.Port);
            extra.ReceiveTimeout = 200;
            try
            {
                return extra.Receive(new byte[1]) == 0;
            }
            catch (SocketException fault)
            {
                return fault.SocketErrorCode == SocketError.ConnectionReset;
            }
        }
    }

    [Fact]
    public async Task Connections_are_spread_over_the_replicas()
    {
        var (first, second) = (StartGreeter("a"), StartGreeter("b"));
        _proxy.AddTarget(first);
        _proxy.AddTarget(second);

        var seen = new HashSet<string>();
        for (var i = 0; i < 100; i++)
        {
            using var client = await ConnectAsync();
            seen.Add(await ReadAsync(client, 1));
        }

        Assert.Equal(["a", "b"], seen.Order());
    }

    [Fact]
    public async Task A_replica_that_does_not_listen_costs_no_connection()
    {
        _proxy.AddTarget(_ports.Pick());
        _proxy.AddTarget(StartGreeter("b"));

        for (var i = 0; i < 20; i++)
        {
            using var client = await ConnectAsync();
            Assert.Equal("b", await ReadAsync(client, 1));
        }
    }

    [Fact]
    public async Task A_replica_that_has_left_gets_no_more_connections()
    {
        var (first, second) = (StartGreeter("a"), StartGreeter("b"));
        _proxy.AddTarget(first);
        _proxy.AddTarget(second);
        _proxy.RemoveTarget(first);

        for (var i = 0; i < 20; i++)
        {
            using var client = await ConnectAsync();
            Assert.Equal("b", await ReadAsync(client, 1));
        }
    }

    [Fact]
    public async Task What_is_sent_arrives_unchanged_both_ways_after_the_sender_has_finished()
    {
        _proxy.AddTarget(StartEcho());
        using var client = await ConnectAsync();
        var sent = RandomNumberGenerator.GetBytes(3_000_000);
        var sending = Task.Run(async () =>
        {
            for (var at = 0; at < sent.Length;) at += await client.SendAsync(sent.AsMemory(at));
            client.Shutdown(SocketShutdown.Send);
        });

        using var received = new MemoryStream();
        await using (var stream = new NetworkStream(client, ownsSocket: false)) await stream.CopyToAsync(received);
        await sending;

        Assert.Equal(SHA256.HashData(sent), SHA256.HashData(received.ToArray()));
    }

    [Fact]
    public async Task Both_address_families_are_listened_on()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6 && System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(e => e.Port == _proxy.Port && e.Address.Equals(IPAddress.IPv6Loopback)), "There is no ::1 here.");
        _proxy.AddTarget(StartGreeter("6"));
        using var client = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.IPv6Loopback, _proxy.Port);

        Assert.Equal("6", await ReadAsync(client, 1));
    }

    [Fact]
    public async Task The_port_is_free_again_afterwards()
    {
        var port = _proxy.Port;
        Assert.False(PortPicker.IsFree(port));

        await _proxy.DisposeAsync();

        Assert.True(PortPicker.IsFree(port));
        _proxy = TcpProxy.Listen(port);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var open in _open) open.Dispose();
        await _proxy.DisposeAsync();
    }

    private static async Task<string> ReadAsync(Socket socket, int count)
    {
        using var limit = new CancellationTokenSource(Eventually.Patience);
        var buffer = new byte[count];
        for (var at = 0; at < count;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(at), limit.Token);
            if (read == 0) throw new EndOfStreamException();
            at += read;
        }

        return Encoding.ASCII.GetString(buffer);
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _proxy.Port);
        return socket;
    }

    private int StartGreeter(string greeting) => Start(async client => await client.SendAsync(Encoding.ASCII.GetBytes(greeting)));

    private int StartEcho() => Start(async client =>
    {
        await using var stream = new NetworkStream(client);
        await stream.CopyToAsync(stream);
        client.Shutdown(SocketShutdown.Send);
    });

    private int Start(Func<Socket, Task> serve)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _open.Add(listener);
        _ = AcceptAsync();
        return ((IPEndPoint)listener.LocalEndpoint).Port;

        async Task AcceptAsync()
        {
            try
            {
                while (true) _ = ServeAsync(await listener.AcceptSocketAsync());
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        async Task ServeAsync(Socket client)
        {
            using (client)
            {
                try
                {
                    await serve(client);
                }
                catch (Exception broken) when (broken is SocketException or IOException or ObjectDisposedException)
                {
                    // The client has left.
                }
            }
        }
    }
}
