using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.Balancer.Proxy.Tcp;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Tcp;

/// <summary>A listener in TCP mode: connections joined to connections, on both ways of waiting for sockets.</summary>
public sealed class TcpModeTests
{
    private const string Auto = "auto";
    private const string Portable = "portable";

    [Theory]
    [InlineData(Auto)]
    [InlineData(Portable)]
    public async Task Large_transfers_pass_both_ways_at_once(string transport)
    {
        await using var target = new SocketTarget(SocketTarget.Echo);
        await using var balancer = await Start(transport, target);
        using var client = await Sockets.Connect(balancer.Tcp);
        var sent = new byte[20_000_000];
        new Random(1).NextBytes(sent);

        var sending = client.SendAll(sent);
        var received = await client.Receive(sent.Length);
        await sending;

        Assert.True(sent.AsSpan().SequenceEqual(received));
        client.Shutdown(SocketShutdown.Send);
        Assert.Empty(await client.ReceiveAll());
        await Eventually.Until(() => balancer.TcpCounters.Ended(TcpEnding.Finished) == 1, "it is over");
        Assert.Equal((sent.Length, sent.Length, 0L), (balancer.TcpCounters.FromClients, balancer.TcpCounters.FromTargets, balancer.TcpCounters.Active));
    }

    [Fact]
    public async Task A_target_has_no_more_connections_than_it_may_have_calls()
    {
        await using var target = new SocketTarget(SocketTarget.Echo);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "urls=tcp://127.0.0.1:0", "Balancer:TargetGroups:default:Attributes:concurrency.max_per_target=1");
        var first = await Sockets.Connect(balancer.Tcp);
        await first.Say("one");
        await first.Hears("one");

        try
        {
            using var second = await Sockets.Connect(balancer.Tcp);
            await Eventually.Until(() => balancer.TcpCounters.Ended(TcpEnding.Full) == 1, "the second is sent away");
        }
        catch (SocketException sentAway) when (sentAway.SocketErrorCode == SocketError.ConnectionReset)
        {
            // So soon that its own connect saw nothing else.
            await Eventually.Until(() => balancer.TcpCounters.Ended(TcpEnding.Full) == 1, "the second was sent away for this reason");
        }

        first.Dispose();
        await Eventually.Until(() => balancer.TcpCounters.Active == 0, "the first has gone");

        using var third = await Sockets.Connect(balancer.Tcp);
        await third.Say("three");
        await third.Hears("three");
    }

    [Theory]
    [InlineData(Auto)]
    [InlineData(Portable)]
    public async Task Each_way_ends_by_itself(string transport)
    {
        await using var target = new SocketTarget();
        await using var balancer = await Start(transport, target);
        using var client = await Sockets.Connect(balancer.Tcp);
        using var server = await target.Next();

        await client.Say("question");
        client.Shutdown(SocketShutdown.Send);
        await server.HearsLast("question");
        await server.Say("ans");
        await client.Hears("ans");
        await server.Say("wer");
        server.Shutdown(SocketShutdown.Send);

        await client.HearsLast("wer");
        await Eventually.Until(() => balancer.TcpCounters.Ended(TcpEnding.Finished) == 1, "it is over");
    }

    [Theory]
    [InlineData(Auto)]
    [InlineData(Portable)]
    public async Task A_target_may_speak_first_and_end_first(string transport)
    {
        await using var target = new SocketTarget();
        await using var balancer = await Start(transport, target);
        using var client = await Sockets.Connect(balancer.Tcp);
        using var server = await target.Next();

        await server.Say("220 hello");
        server.Shutdown(SocketShutdown.Send);
        await client.HearsLast("220 hello");
        await client.Say("goodbye");
        client.Shutdown(SocketShutdown.Send);

        await server.HearsLast("goodbye");
    }

    [Theory]
    [InlineData(Auto)]
    [InlineData(Portable)]
    public async Task Who_reads_nothing_makes_the_other_side_wait_and_loses_nothing(string transport)
    {
        await using var target = new SocketTarget();
        await using var balancer = await Start(transport, target);
        using var client = await Sockets.Connect(balancer.Tcp);
        using var server = await target.Next();
        var sent = new byte[64 * 1024 * 1024];
        new Random(2).NextBytes(sent);
        var written = 0;
        var sending = Task.Run(async () =>
        {
            while (written < sent.Length) written += await client.SendAsync(sent.AsMemory(written, Math.Min(64 * 1024, sent.Length - written)));
        });

        // All buffers of the kernel are full, and the balancer keeps nothing.
        var before = -1;
        await Eventually.Until(
            async () =>
            {
                before = written;
                await Task.Delay(300);
                return (before > 0 && before == written) || sending.IsCompleted;
            },
            "the client has to wait");
        Assert.False(sending.IsCompleted, "the balancer took all of it");

        // The other way is not held up by it.
        await server.Say("still here");
        await client.Hears("still here");
        var received = await server.Receive(sent.Length);
        Assert.True(sent.AsSpan().SequenceEqual(received));
        await sending;
    }

    [Theory]
    [InlineData(Auto)]
    [InlineData(Portable)]
    public async Task A_reset_of_the_target_is_one_for_the_client_after_what_was_said(string transport)
    {
        await using var target = new SocketTarget();
        await using var balancer = await Start(transport, target);
        using var client = await Sockets.Connect(balancer.Tcp);
        var server = await target.Next();

        await server.Say("last words");
        await client.Hears("last words");
        server.Reset();

        await client.IsReset();
        await Eventually.Until(() => balancer.TcpCounters.Ended(TcpEnding.TargetReset) == 1, "it is counted");
    }

    [Theory]
    [InlineData(Auto)]
    [InlineData(Portable)]
    public async Task A_reset_of_the_client_is_one_for_the_target(string transport)
    {
        await using var target = new SocketTarget();
        await using var balancer = await Start(transport, target);
        var client = await Sockets.Connect(balancer.Tcp);
        using var server = await target.Next();

        client.Reset();

        await server.IsReset();
        await Eventually.Until(() => balancer.TcpCounters.Ended(TcpEnding.ClientReset) == 1, "it is counted");
    }

    // It answered and went, while the client was still talking: what it said has to arrive.
    [Theory]
    [InlineData(Auto)]
    [InlineData(Portable)]
    public async Task An_answer_before_the_end_of_the_question_is_not_lost(string transport)
    {
        await using var target = new SocketTarget(async socket =>
        {
            await socket.Receive(1);
            await socket.Say("too large");
        });
        await using var balancer = await Start(transport, target);
        for (var i = 0; i < 20; i++)
        {
            using var client = await Sockets.Connect(balancer.Tcp);
            await client.SendAll(new byte[1]);
            await client.Hears("too large");
        }
    }

    [Fact]
    public async Task Connections_go_to_the_targets_in_turn()
    {
        await using var a = new SocketTarget(SocketTarget.Echo);
        await using var b = new SocketTarget(SocketTarget.Echo);
        await using var c = new SocketTarget(SocketTarget.Echo);
        await using var balancer = await Start(Auto, a, b, c);
        for (var i = 0; i < 12; i++)
        {
            using var client = await Sockets.Connect(balancer.Tcp);
            await client.SendAll(new byte[1]);
            await client.Receive(1);
        }

        Assert.Equal((4, 4, 4), (a.Count, b.Count, c.Count));
    }

    [Fact]
    public async Task A_target_that_cannot_be_connected_to_is_passed_over()
    {
        await using var live = new SocketTarget(SocketTarget.Echo);
        var gone = new SocketTarget();
        var dead = gone.Url;
        await gone.DisposeAsync();
        await using var balancer = await BalancerUnderTest.StartWith([dead, live.Url], "urls=tcp://127.0.0.1:0");
        for (var i = 0; i < 4; i++)
        {
            using var client = await Sockets.Connect(balancer.Tcp);
            await client.SendAll(new byte[1]);
            await client.Receive(1);
        }

        Assert.Equal(4, live.Count);
        Assert.InRange(balancer.TcpCounters.ConnectFailures, 1, 4);
    }

    [Fact]
    public async Task Without_a_target_the_client_is_reset_at_once()
    {
        await using var balancer = await BalancerUnderTest.StartWith([], "urls=tcp://127.0.0.1:0");

        // As early as while it connects.
        var e = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var client = await Sockets.Connect(balancer.Tcp);
            await client.ReceiveAll();
        });

        Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
        await Eventually.Until(() => balancer.TcpCounters.Ended(TcpEnding.NoTarget) == 1, "it is counted");
    }

    [Fact]
    public async Task TLS_passes_through_with_the_targets_own_certificate()
    {
        using var certificates = new TestCertificates();
        using var certificate = X509Certificate2.CreateFromPemFile(certificates.CertificateFile, certificates.KeyFile);
        await using var target = new SocketTarget(async socket =>
        {
            await using var tls = new SslStream(new NetworkStream(socket));
            await tls.AuthenticateAsServerAsync(certificate);
            await tls.CopyToAsync(tls);
        });
        await using var balancer = await Start(Auto, target);
        using var client = await Sockets.Connect(balancer.Tcp);
        await using var secured = new SslStream(new NetworkStream(client));
        await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = certificates.TrustPolicy() });

        await secured.WriteAsync("secret"u8.ToArray());
        var answer = new byte[6];
        await secured.ReadExactlyAsync(answer).AsTask().WaitAsync(Eventually.Patience);

        Assert.Equal("secret"u8.ToArray(), answer);
        Assert.Equal(certificate.Thumbprint, new X509Certificate2(secured.RemoteCertificate!).Thumbprint);
    }

    [Fact]
    public async Task All_calls_of_a_connection_go_to_one_replica_and_by_the_front_beside_it_to_all()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([a.Url, b.Url], "urls=http://127.0.0.1:0;tcp://127.0.0.1:0");
        await Call(balancer.Tcp, 20);
        Assert.Equal((0, 20), (Math.Min(a.Calls, b.Calls), Math.Max(a.Calls, b.Calls)));

        await Call(balancer.Plaintext, 20);

        Assert.Equal((10, 30), (Math.Min(a.Calls, b.Calls), Math.Max(a.Calls, b.Calls)));

        static async Task Call(Uri url, int count)
        {
            url = new Uri($"http://{url.Authority}");
            await using var client = await RawHttp2Connection.ConnectAsync(url);
            for (var i = 0; i < count; i++)
            {
                var call = await client.OpenAsync(Wire.Request(url), end: true);
                await call.Ended();
                Assert.Equal("0", call.GrpcStatus);
            }
        }
    }

    [Fact]
    public async Task A_connection_is_reset_when_both_ends_were_silent_for_long()
    {
        var time = new ManualTime();
        await using var target = new SocketTarget(SocketTarget.Echo);
        await using var balancer = await BalancerUnderTest.StartAt(time, [target.Url], "urls=tcp://127.0.0.1:0");
        using var client = await Sockets.Connect(balancer.Tcp);
        await client.SendAll(new byte[1]);
        await client.Receive(1);
        for (var i = 0; i < 5; i++)
        {
            // Whoever says a word now and then stays.
            time.Advance(TimeSpan.FromSeconds(300));
            await client.SendAll(new byte[1]);
            await client.Receive(1);
        }

        Assert.Equal(1, balancer.TcpCounters.Active);
        time.Advance(TimeSpan.FromSeconds(352));

        await client.IsReset();
        await Eventually.Until(() => balancer.TcpCounters.Ended(TcpEnding.Idle) == 1, "it is counted");
    }

    [Fact]
    public async Task At_the_stop_connections_have_their_time()
    {
        await using var target = new SocketTarget(SocketTarget.Echo);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "urls=tcp://127.0.0.1:0", "Balancer:DrainTimeout=60");
        using var client = await Sockets.Connect(balancer.Tcp);
        await client.SendAll(new byte[1]);
        await client.Receive(1);

        var stopping = balancer.Stop();
        await Eventually.Until(() => IsRefused(balancer.Tcp), "nobody is taken any more");
        await client.Say("still here");
        await client.Hears("still here");
        Assert.False(stopping.IsCompleted);
        client.Shutdown(SocketShutdown.Send);

        await stopping.WaitAsync(Eventually.Patience);
        Assert.Equal(0, balancer.TcpCounters.Ended(TcpEnding.Stopped));
    }

    [Fact]
    public async Task When_their_time_is_over_they_are_reset()
    {
        await using var target = new SocketTarget(SocketTarget.Echo);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "urls=tcp://127.0.0.1:0", "Balancer:DrainTimeout=0");
        using var client = await Sockets.Connect(balancer.Tcp);
        await client.SendAll(new byte[1]);
        await client.Receive(1);

        await balancer.Stop().WaitAsync(Eventually.Patience);

        await client.IsReset();
        Assert.Equal(1, balancer.TcpCounters.Ended(TcpEnding.Stopped));
    }

    private static Task<BalancerUnderTest> Start(string transport, params SocketTarget[] targets) =>
        BalancerUnderTest.StartWith(targets.Select(t => t.Url), "urls=tcp://127.0.0.1:0", $"Balancer:Transport={transport}");

    private static bool IsRefused(Uri url)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, url.Port);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
