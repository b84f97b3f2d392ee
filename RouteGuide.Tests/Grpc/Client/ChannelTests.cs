using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>Channels: their addresses, options and connections.</summary>
public class ChannelTests
{
    [Fact]
    public void The_target_is_host_and_port()
    {
        using var channel = GrpcChannel.ForAddress("http://localhost:5001/path");

        Assert.Equal("localhost:5001", channel.Target);
    }

    [Fact]
    public void HttpClient_and_HttpHandler_exclude_each_other()
    {
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient();

        Assert.Throws<ArgumentException>(
            () => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpClient = client, HttpHandler = handler }));
    }

    [Fact]
    public async Task A_channel_works_over_a_given_HttpClient_without_buffering_responses()
    {
        var goOn = new TaskCompletionSource();
        await using var server = await PlainServer.Start(async context =>
        {
            await Wire.Send(context, [1]);
            await goOn.Task;
            await Wire.Reply(context, [[2]]);
        });
        using var client = new HttpClient();
        using (var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { HttpClient = client }))
        {
            using var call = channel.CreateCallInvoker().AsyncServerStreamingCall(ByteCalls.ServerStreaming, null, default, [1]);
            Assert.True(await call.ResponseStream.MoveNext());
            goOn.SetResult();
            Assert.True(await call.ResponseStream.MoveNext());
            Assert.False(await call.ResponseStream.MoveNext());
        }

        // The channel has left the client alone.
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Address) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_given_handler_is_disposed_with_the_channel_only_if_the_options_say_so(bool isDisposed)
    {
        await using var server = await PlainServer.Start(context => Wire.Reply(context, [[1]]));
        using var handler = new DisposalProbe();
        using (var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = isDisposed }))
        {
            await channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, default, [1]);
            Assert.False(handler.IsDisposed);
        }

        Assert.Equal(isDisposed, handler.IsDisposed);
    }

    [Fact]
    public async Task A_channel_connects_when_it_is_asked_to_and_says_so()
    {
        await using var server = await PlainServer.Start(context => Wire.Reply(context, [[1]]));
        using var channel = GrpcChannel.ForAddress(server.Address);
        Assert.Equal(ConnectivityState.Idle, channel.State);

        var changed = channel.WaitForStateChangedAsync(ConnectivityState.Idle);
        await channel.ConnectAsync();
        await changed.WaitAsync(Eventually.Patience);
        Assert.Equal(ConnectivityState.Ready, channel.State);

        Assert.Equal([1], await channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, default, [1]));
        Assert.Equal(ConnectivityState.Ready, channel.State);
    }

    [Fact]
    public async Task A_channel_uses_the_connection_that_it_was_asked_to_make()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var channel = GrpcChannel.ForAddress($"http://{listener.LocalEndpoint}");
        await channel.ConnectAsync();
        using var socket = await listener.AcceptSocketAsync();

        using var call = channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, default, [1]);

        Assert.NotEqual(0, await socket.ReceiveAsync(new byte[100]));
        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task A_call_connects_a_channel_and_the_end_of_the_connection_makes_it_idle()
    {
        var server = await PlainServer.Start(context => Wire.Reply(context, [[1]]));
        using var channel = GrpcChannel.ForAddress(server.Address);
        await channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, default, [1]);
        Assert.Equal(ConnectivityState.Ready, channel.State);

        await server.DisposeAsync();

        await Eventually.Until(() => channel.State == ConnectivityState.Idle, "the channel sees that its connection is gone");
    }

    [Fact]
    public async Task A_channel_that_cannot_connect_says_so_and_tries_again_until_it_can()
    {
        using var port = new ReservedPort();
        using var channel = GrpcChannel.ForAddress(
            $"http://127.0.0.1:{port.Number}", new GrpcChannelOptions { InitialReconnectBackoff = TimeSpan.FromMilliseconds(10) });

        var connecting = channel.ConnectAsync();
        await Eventually.Until(() => channel.State == ConnectivityState.TransientFailure, "an attempt has failed");
        port.Listen();
        await connecting.WaitAsync(Eventually.Patience);

        Assert.Equal(ConnectivityState.Ready, channel.State);
    }

    [Fact]
    public async Task A_call_that_waits_for_ready_waits_until_the_server_is_there()
    {
        using var port = new ReservedPort();
        using var channel = GrpcChannel.ForAddress(
            $"http://127.0.0.1:{port.Number}", new GrpcChannelOptions { InitialReconnectBackoff = TimeSpan.FromMilliseconds(10) });

        using var call = channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, new CallOptions().WithWaitForReady(), [1]);
        await Eventually.Until(() => channel.State == ConnectivityState.TransientFailure, "an attempt has failed");
        Assert.False(call.ResponseAsync.IsCompleted);
        await using var server = await PlainServer.Start(context => Wire.Reply(context, [[1]]), port: port);

        Assert.Equal([1], await call);
    }

    [Fact]
    public async Task Connecting_can_be_given_up()
    {
        using var port = new ReservedPort();
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port.Number}");
        using var cancellation = new CancellationTokenSource();

        var connecting = channel.ConnectAsync(cancellation.Token);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
    }

    [Fact]
    public async Task A_disposed_channel_is_shut_down()
    {
        var channel = GrpcChannel.ForAddress("http://localhost:1");
        var changed = channel.WaitForStateChangedAsync(ConnectivityState.Idle);

        channel.Dispose();
        channel.Dispose();

        await changed.WaitAsync(Eventually.Patience);
        Assert.Equal(ConnectivityState.Shutdown, channel.State);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => channel.ConnectAsync());
    }

    [Fact]
    public void The_state_of_a_channel_whose_connections_others_make_is_not_known()
    {
        using var client = new HttpClient();
        using var channel = GrpcChannel.ForAddress("http://localhost:1", new GrpcChannelOptions { HttpClient = client });

        Assert.Throws<InvalidOperationException>(() => channel.State);
    }

    [Fact]
    public async Task ShutdownAsync_does_not_dispose_the_channel()
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [[1]]));

        await calls.Channel.ShutdownAsync();

        Assert.Equal([1], await calls.CallUnary());
    }

    private sealed class DisposalProbe() : DelegatingHandler(new SocketsHttpHandler())
    {
        public bool IsDisposed { get; private set; }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
