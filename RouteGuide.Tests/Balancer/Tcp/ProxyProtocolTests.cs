using System.Net;
using System.Net.Sockets;
using RouteGuide.ServiceDefaults;
using RouteGuide.Tests.Balancer.Configuration;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Tcp;

/// <summary>Listeners behind a proxy that says whose connections it passes on, and targets that are told by the balancer.</summary>
public sealed class ProxyProtocolTests
{
    private const string To = "198.51.100.1:443";

    public static TheoryData<byte[], string> Headers => new()
    {
        { ProxiedClient.Version1("192.0.2.7:1234", To), "192.0.2.7" },
        { ProxiedClient.Version2("192.0.2.7:1234", To), "192.0.2.7" },
        { ProxiedClient.Version1("[2001:db8::7]:1234", "[2001:db8::1]:443"), "2001:db8::7" },
        { ProxiedClient.Version2("[2001:db8::7]:1234", "[2001:db8::1]:443"), "2001:db8::7" },
        { "PROXY UNKNOWN\r\n"u8.ToArray(), "127.0.0.1" },
        { Convert.FromHexString("0D0A0D0A000D0A515549540A20000000"), "127.0.0.1" }, // LOCAL
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task The_client_is_who_the_header_says(byte[] header, string seen)
    {
        await using var target = await KestrelTarget.Start(ProxiedClient.TellForwardedFor);
        await using var balancer = await Start([target.Url], "https", "http");

        using (var secured = ProxiedClient.From(IPAddress.Loopback, header)) Assert.Equal(seen, await ProxiedClient.Ask(secured, balancer.Tls, HttpVersion.Version20));
        using (var plain = ProxiedClient.From(IPAddress.Loopback, header)) Assert.Equal(seen, await ProxiedClient.Ask(plain, balancer.Plaintext, HttpVersion.Version20));
    }

    [Fact]
    public async Task So_it_is_for_HTTP_1_and_without_OpenSSL()
    {
        await using var target = await KestrelTarget.Start(ProxiedClient.TellForwardedFor, protocols: Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1);
        string[] settings = [.. Settings("https", "http"), $"Balancer:TargetGroups:web:Targets:0=http://{target.Url.Authority}", "Balancer:DefaultHttpGroup=web"];
        foreach (var transport in (string[])["auto", "portable"])
        {
            await using var balancer = await BalancerUnderTest.StartWith([], [.. settings, $"Balancer:Transport={transport}"]);
            foreach (var url in (Uri[])[balancer.Tls, balancer.Plaintext])
            {
                using var client = ProxiedClient.From(IPAddress.Loopback, ProxiedClient.Version2("192.0.2.7:1234", To));
                Assert.Equal("192.0.2.7", await ProxiedClient.Ask(client, url, HttpVersion.Version11));
            }
        }
    }

    [Fact]
    public async Task A_header_may_come_octet_by_octet()
    {
        await using var target = new SocketTarget(SocketTarget.Echo);
        await using var balancer = await Start([target.Url], "tcp");
        using var client = await Sockets.Connect(balancer.Tcp);
        foreach (var octet in ProxiedClient.Version2("192.0.2.7:1234", To)) await client.SendAll(new[] { octet });

        await client.Say("hello");
        await client.Hears("hello");
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nhost: a\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("PROXY TCP4 1.2.3.4 nobody 1 2\r\n")]
    public async Task A_connection_without_a_right_header_is_closed(string begins)
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await Start([target.Url], "http");
        using var client = await Sockets.Connect(balancer.Plaintext);

        await client.Say(begins);

        await IsClosed(client);
        Assert.Equal(0, target.Calls);
    }

    [Fact]
    public async Task One_whose_header_does_not_come_is_closed()
    {
        var time = new ManualTime();
        await using var balancer = await BalancerUnderTest.StartAt(time, [], Settings("http"));
        using var client = await Sockets.Connect(balancer.Plaintext);
        await client.Say("PROXY TCP4 192.0.2.7 ");
        await Eventually.Until(() => balancer.Clients == 1, "it was accepted");
        await OnLoops(balancer);

        time.Advance(TimeSpan.FromSeconds(4));
        await OnLoops(balancer);
        Assert.Equal(1, balancer.Clients);
        time.Advance(TimeSpan.FromSeconds(2));

        await IsClosed(client);
        await Eventually.Until(() => balancer.Clients == 0, "it is not counted any more");
    }

    [Fact]
    public async Task Who_is_no_trusted_proxy_is_closed()
    {
        await using var target = await KestrelTarget.Start(ProxiedClient.TellForwardedFor);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], [.. Settings("http"), "Balancer:Listeners:http:Attributes:proxy_protocol.trusted=127.0.0.2,10.0.0.0/8"]);
        var header = ProxiedClient.Version1("192.0.2.7:1234", To);

        using var stranger = ProxiedClient.From(IPAddress.Loopback, header);
        await Assert.ThrowsAnyAsync<Exception>(() => ProxiedClient.Ask(stranger, balancer.Plaintext, HttpVersion.Version20));
        using var trusted = ProxiedClient.From(IPAddress.Parse("127.0.0.2"), header);
        Assert.Equal("192.0.2.7", await ProxiedClient.Ask(trusted, balancer.Plaintext, HttpVersion.Version20));
    }

    [Fact]
    public async Task A_reload_that_turns_it_on_counts_from_the_next_connection_on()
    {
        await using var target = await KestrelTarget.Start(ProxiedClient.TellForwardedFor);
        var port = Ports.Free();
        string File(bool receives) => $$"""{ "Targets": ["http://{{target.Url.Authority}}"], "Listeners": { "front": { "Url": "http://127.0.0.1:{{port}}", "Attributes": { "proxy_protocol.receive": {{(receives ? "true" : "false")}}, "proxy_protocol.trusted": ["127.0.0.1"] } } } }""";
        using var folder = new ConfigurationFolder(File(false));
        await using var balancer = await BalancerUnderTest.StartWith([], folder.Settings);
        var url = balancer.Named("front");
        using var before = ProxiedClient.From(IPAddress.Loopback);
        Assert.Equal("127.0.0.1", await ProxiedClient.Ask(before, url, HttpVersion.Version20));
        var header = ProxiedClient.Version1("192.0.2.7:1234", To);

        folder.Write(File(true));
        await Eventually.Until(
            async () =>
            {
                using var client = ProxiedClient.From(IPAddress.Loopback, header);
                try
                {
                    return await ProxiedClient.Ask(client, url, HttpVersion.Version20) == "192.0.2.7";
                }
                catch (HttpRequestException)
                {
                    // What begins so is no HTTP yet.
                    return false;
                }
            },
            "headers are read");
        // The connection from before lives on.
        Assert.Equal("127.0.0.1", await ProxiedClient.Ask(before, url, HttpVersion.Version20));
    }

    [Fact]
    public async Task Without_anybody_to_trust_it_does_not_start()
    {
        var e = await Assert.ThrowsAsync<ConfigurationException>(() => BalancerUnderTest.StartWith([], "urls=", "Balancer:Listeners:a:Url=http://127.0.0.1:0", "Balancer:Listeners:a:Attributes:proxy_protocol.receive=true"));
        Assert.Contains("Balancer:Listeners:a:Attributes:proxy_protocol.trusted", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_are_counted_by_their_clients_and_not_by_the_proxy()
    {
        await using var target = new SocketTarget(SocketTarget.Echo);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], [.. Settings("tcp"), "Balancer:Limits:MaxConnectionsPerAddress=1"]);
        using var first = await Client("192.0.2.1:1000");
        using var second = await Client("192.0.2.2:1000");
        await first.Hears("hello");
        await second.Hears("hello");

        using var third = await Client("192.0.2.1:2000");
        await IsClosed(third);
        first.Shutdown(SocketShutdown.Send);
        await first.ReceiveAll();
        await Eventually.Until(() => balancer.Clients == 1, "the first has left");
        using var fourth = await Client("192.0.2.1:3000");
        await fourth.Hears("hello");

        async Task<Socket> Client(string from)
        {
            var socket = await Sockets.Connect(balancer.Tcp);
            await socket.SendAll((byte[])[.. ProxiedClient.Version1(from, To), .. "hello"u8]);
            return socket;
        }
    }

    [Fact]
    public async Task A_target_is_told_whose_connection_it_is()
    {
        await using var target = new SocketTarget();
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], "urls=tcp://127.0.0.1:0", "Balancer:TargetGroups:default:Attributes:proxy_protocol_v2.enabled=true");
        using var client = await Sockets.Connect(balancer.Tcp);
        using var server = await target.Next();
        await client.Say("hello");

        Assert.Equal(ProxiedClient.Version2($"{client.LocalEndPoint}", $"{client.RemoteEndPoint}"), await server.Receive(28));
        await server.Hears("hello");
    }

    [Fact]
    public async Task And_by_two_balancers_in_a_row()
    {
        await using var target = new SocketTarget();
        await using var inner = await BalancerUnderTest.StartWith([target.Url], [.. Settings("tcp"), "Balancer:TargetGroups:default:Attributes:proxy_protocol_v2.enabled=true"]);
        await using var outer = await BalancerUnderTest.StartWith([new Uri($"http://{inner.Tcp.Authority}")], "urls=tcp://127.0.0.1:0", "Balancer:TargetGroups:default:Attributes:proxy_protocol_v2.enabled=true");
        using var client = await Sockets.Connect(outer.Tcp);
        using var server = await target.Next();

        await client.Say("hello");

        Assert.Equal(ProxiedClient.Version2($"{client.LocalEndPoint}", $"{client.RemoteEndPoint}"), await server.Receive(28));
        await server.Hears("hello");
    }

    private static Task<BalancerUnderTest> Start(IEnumerable<Uri> targets, params string[] schemes) => BalancerUnderTest.StartWith(targets, Settings(schemes));

    private static string[] Settings(params string[] schemes) =>
    [
        "urls=",
        .. schemes.SelectMany(s => (string[])[$"Balancer:Listeners:{s}:Url={s}://127.0.0.1:0", $"Balancer:Listeners:{s}:Attributes:proxy_protocol.receive=true", $"Balancer:Listeners:{s}:Attributes:proxy_protocol.trusted=127.0.0.0/8"]),
    ];

    // By an end or by a reset, as what it sent may not have been read.
    private static async Task IsClosed(Socket socket)
    {
        try
        {
            Assert.Empty(await socket.ReceiveAll());
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
        }
    }

    private static Task OnLoops(BalancerUnderTest balancer) => Task.WhenAll(balancer.Loops.Select(loop =>
    {
        var done = new TaskCompletionSource();
        loop.Post(() => loop.Again(done.SetResult));
        return done.Task;
    }));
}
