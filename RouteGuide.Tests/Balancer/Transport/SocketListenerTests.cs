using System.Net;
using System.Net.Sockets;
using RouteGuide.Balancer.Transport;
using RouteGuide.Http2.Transport;
using RouteGuide.ServiceDefaults;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Transport;

/// <summary>An address is one listener's alone, and free again as soon as that has gone.</summary>
public sealed class SocketListenerTests
{
    [Fact]
    public async Task A_second_listener_on_an_address_is_refused()
    {
        await using var first = new SocketListener(new IPEndPoint(IPAddress.Loopback, 0), TimeProvider.System);

        var e = Assert.Throws<SocketException>(() => new SocketListener(first.Address, TimeProvider.System));

        Assert.Equal(SocketError.AddressAlreadyInUse, e.SocketErrorCode);
    }

    [Fact]
    public async Task An_address_that_was_left_is_taken_again_at_once_though_its_connections_linger()
    {
        var first = new SocketListener(new IPEndPoint(IPAddress.Loopback, 0), TimeProvider.System);
        var loops = new LoopGroup("test loop", 1, portable: false, TimeProvider.System, _ => { });
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        first.Start(
            loops,
            new Everybody(),
            channel =>
            {
                // Who ends a connection first is left with the end of it.
                channel.Abort();
                ended.SetResult();
            },
            e => ended.TrySetException(e));
        loops.Start();
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(first.Address);
        await ended.Task.WaitAsync(Eventually.Patience);

        first.Close();
        await using (new SocketListener(first.Address, TimeProvider.System))
        {
            using var next = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await next.ConnectAsync(first.Address);
        }

        await first.DisposeAsync();
        await loops.Stop();
    }

    [Fact]
    public async Task Two_balancers_do_not_share_an_address()
    {
        await using var first = await BalancerUnderTest.Start();

        var e = await Assert.ThrowsAsync<IOException>(() => BalancerUnderTest.StartWith([], $"Balancer:Listeners:other:Url={first.Plaintext}"));

        Assert.Contains($"{first.Plaintext.Port}: the address is in use", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nor_do_two_listeners_of_one()
    {
        var port = Ports.Free();

        var e = await Assert.ThrowsAsync<ConfigurationException>(() => BalancerUnderTest.StartWith([], $"Balancer:Listeners:one:Url=http://127.0.0.1:{port}", $"Balancer:Listeners:other:Url=tcp://127.0.0.1:{port}"));

        Assert.Contains("'other'", e.Message, StringComparison.Ordinal);
        Assert.Contains($"one is at http://127.0.0.1:{port} already", e.Message, StringComparison.Ordinal);
    }

    private sealed class Everybody : IConnectionGate
    {
        public bool TryEnter(IPAddress from) => true;

        public void Leave(IPAddress from)
        {
            // Nobody counts them.
        }
    }
}
