using System.Collections.Concurrent;
using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using RouteGuide.Tests.Balancer;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Client.Transport;

/// <summary>How calls of a channel without a handler of its own find connections, and what they hear when those end.</summary>
public sealed class ConnectionTests
{
    private const int MaxConcurrentStreams = 3;
    private const int MaxHeaderListSize = 6;
    private const int RefusedStream = 7;

    [Fact]
    public async Task A_call_that_GOAWAY_leaves_out_goes_to_another_connection_and_those_before_it_finish()
    {
        var first = new First();
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = RawTarget.Start(async (connection, stream) =>
        {
            if (first.Is(connection) && stream.Id == 1) await left.Task;
            if (first.Is(connection) && stream.Id == 3)
            {
                await connection.SendAsync(RawHttp2FrameType.GoAway, 0, 0, GoAway(lastStream: 1));
                return;
            }

            await stream.HasMessages(1);
            await Reply(stream, stream.Messages[0].Payload);
        });
        using var channel = GrpcChannel.ForAddress(server.Url);

        using var early = Call(channel, 10);
        await Eventually.Until(() => server.Connections.Any(c => c.Streams.Count == 1), "the first call is there");
        using var late = Call(channel, 20);

        Assert.Equal([20], await late);
        left.SetResult();
        Assert.Equal([10], await early);
        Assert.Equal(2, server.Connections.Count);
        Assert.Null(server.Failure);
    }

    [Fact]
    public async Task Connections_that_the_server_ends_one_after_the_other_cost_no_call()
    {
        await using var server = RawTarget.Start(async (connection, stream) =>
        {
            // One call each; what came too late is not answered, as GOAWAY says.
            if (stream.Id > 1) return;
            await stream.HasMessages(1);
            await Reply(stream, stream.Messages[0].Payload);
            await connection.SendAsync(RawHttp2FrameType.GoAway, 0, 0, GoAway(lastStream: 1));
        });
        using var channel = GrpcChannel.ForAddress(server.Url);

        for (byte i = 0; i < 20; i++) Assert.Equal([i], await Call(channel, i));

        Assert.Equal(20, server.Connections.Count);
        await Eventually.Until(() => server.Connections.Count(c => !c.IsClosed) <= 1, "the client closes the connections that were ended");
    }

    [Fact]
    public async Task A_refused_call_goes_to_another_connection_with_its_message()
    {
        var first = new First();
        await using var server = RawTarget.Start(async (connection, stream) =>
        {
            await stream.HasMessages(1);
            if (stream.Id == 1 && first.Is(connection)) await stream.ResetAsync(RefusedStream);
            else await Reply(stream, stream.Messages[0].Payload);
        });
        using var channel = GrpcChannel.ForAddress(server.Url);

        Assert.Equal([7], await Call(channel, 7));
        Assert.Equal(2, server.Connections.Count);
    }

    [Fact]
    public async Task A_call_that_every_connection_refuses_is_Unavailable_after_a_few()
    {
        var requests = 0;
        await using var server = RawTarget.Start((_, stream) =>
        {
            Interlocked.Increment(ref requests);
            return stream.ResetAsync(RefusedStream);
        });
        using var channel = GrpcChannel.ForAddress(server.Url);

        var failure = await ByteCalls.Failure(async () => await Call(channel, 1));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.InRange(Volatile.Read(ref requests), 2, 4);
    }

    [Fact]
    public async Task A_server_that_allows_few_streams_gets_more_connections()
    {
        var (held, all) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var server = RawTarget.Start(
            async (_, stream) =>
            {
                await stream.HasMessages(1);
                if (stream.Messages[0].Payload is [1])
                {
                    if (Interlocked.Increment(ref held) == 3) all.SetResult();
                    await all.Task;
                }

                await Reply(stream, [2]);
            },
            new Dictionary<int, uint> { [MaxConcurrentStreams] = 1 });
        using var channel = GrpcChannel.ForAddress(server.Url);
        // From here on the limit is known.
        await Call(channel, 0);

        using AsyncUnaryCall<byte[]> a = Call(channel, 1), b = Call(channel, 1), c = Call(channel, 1);

        await Task.WhenAll(a.ResponseAsync, b.ResponseAsync, c.ResponseAsync).WaitAsync(Eventually.Patience);
        Assert.Equal(3, server.Connections.Count);
    }

    [Fact]
    public async Task Two_hundred_calls_at_once_all_run_at_once()
    {
        const int Count = 200;
        var (arrived, all) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var calls = await ByteCalls.Start(async context =>
        {
            var message = await Wire.ReadMessage(context);
            if (Interlocked.Increment(ref arrived) == Count) all.SetResult();
            await all.Task;
            await Wire.Reply(context, [message!.Value.Payload]);
        });

        var running = Enumerable.Range(0, Count).Select(async i => (await calls.CallUnary([(byte)i]))[0]).ToArray();

        Assert.Equal(Enumerable.Range(0, Count).Select(i => (byte)i), await Task.WhenAll(running).WaitAsync(Eventually.Patience));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_dies_in_the_middle_of_a_message_makes_its_call_Unavailable_and_the_next_one_connects_again(bool isStream)
    {
        var first = new First();
        await using var server = RawTarget.Start(async (connection, stream) =>
        {
            if (!first.Is(connection))
            {
                await Reply(stream, [5]);
                return;
            }

            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
            await stream.SendDataAsync(new byte[] { 0, 0, 0, 0, 9, 1, 2 });
            await connection.DisposeAsync();
        });
        using var channel = GrpcChannel.ForAddress(server.Url);
        var invoker = channel.CreateCallInvoker();

        using var stream = isStream ? invoker.AsyncServerStreamingCall(ByteCalls.ServerStreaming, null, default, [1]) : null;
        var failure = await ByteCalls.Failure(async () => await (stream is null ? Call(channel, 1).ResponseAsync : (Task)stream.ResponseStream.MoveNext()));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        await Eventually.Until(() => channel.State == ConnectivityState.Idle, "the channel knows that it has no connection");
        Assert.Equal([5], await Call(channel, 1));
    }

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task A_server_that_breaks_the_rules_loses_its_connection_and_nobody_else_s(byte[] frame)
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var good = RawTarget.Start(async (_, stream) =>
        {
            await goOn.Task;
            await Reply(stream, [1]);
        });
        var isBad = true;
        await using var bad = RawTarget.Start(async (connection, stream) =>
        {
            if (isBad) await connection.SendBytesAsync(frame);
            else await Reply(stream, [2]);
        });
        using GrpcChannel goodChannel = GrpcChannel.ForAddress(good.Url), badChannel = GrpcChannel.ForAddress(bad.Url);

        using var running = Call(goodChannel, 1);
        var failure = await ByteCalls.Failure(async () => await Call(badChannel, 1));
        isBad = false;
        goOn.SetResult();

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.Equal([1], await running);
        Assert.Equal([2], await Call(badChannel, 1));
    }

    public static TheoryData<byte[]> Nonsense => new()
    {
        "HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(),
        new byte[] { 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 }, // DATA on stream 0
        new byte[] { 0, 0, 4, 3, 0, 0, 0, 0, 99, 0, 0, 0, 0 }, // RST_STREAM of a stream that was never opened
        new byte[] { 0, 0, 1, 1, 4, 0, 0, 0, 1, 0xff }, // a header block that ends inside an integer
        new byte[] { 0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, // WINDOW_UPDATE of nothing
        new byte[] { 0, 0, 5, 5, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0x88 }, // PUSH_PROMISE
    };

    [Fact]
    public async Task A_stream_that_nobody_reads_does_not_hold_up_other_calls_of_its_connection()
    {
        var ports = new ConcurrentBag<int>();
        await using var calls = await ByteCalls.Start(async context =>
        {
            ports.Add(context.Connection.RemotePort);
            if (context.Request.Path.Value!.EndsWith("Unary", StringComparison.Ordinal))
            {
                await Wire.Reply(context, [[3]]);
                return;
            }

            // More than all windows together take.
            for (var i = 0; i < 100 && !context.RequestAborted.IsCancellationRequested; i++) await Wire.Send(context, new byte[100_000]);
        });

        using var unread = calls.CallServerStreaming();
        await unread.ResponseHeadersAsync;
        for (var i = 0; i < 20; i++) Assert.Equal([3], await calls.CallUnary());

        Assert.Single(ports.Distinct());
    }

    [Fact]
    public async Task A_request_whose_headers_are_more_than_the_server_takes_is_not_sent()
    {
        var requests = 0;
        await using var server = RawTarget.Start(
            (_, stream) =>
            {
                Interlocked.Increment(ref requests);
                return Reply(stream, [1]);
            },
            new Dictionary<int, uint> { [MaxHeaderListSize] = 2000 });
        using var channel = GrpcChannel.ForAddress(server.Url);
        await Call(channel, 1);

        var failure = await ByteCalls.Failure(async () =>
            await channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, new CallOptions(new Metadata { { "large", new string('x', 2000) } }), [1]));

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.Contains("2000", failure.Status.Detail);
        Assert.Equal([1], await Call(channel, 1));
        Assert.Equal(2, requests);
    }

    [Fact]
    public async Task A_disposed_channel_says_goodbye_and_closes_its_connections()
    {
        await using var server = RawTarget.Start((_, stream) => Reply(stream, [1]));
        var channel = GrpcChannel.ForAddress(server.Url);
        await Call(channel, 1);
        var connection = server.Connections.Single();

        channel.Dispose();

        await Eventually.Until(() => connection.IsClosed, "the connection is closed");
        Assert.Equal(0, Assert.Single(connection.Frames, f => f.Type == RawHttp2FrameType.GoAway).ErrorCode);
        Assert.Null(connection.Failure);
    }

    [Fact]
    public async Task A_name_leads_to_whichever_family_of_addresses_answers()
    {
        await using var server = await PlainServer.Start(context => Wire.Reply(context, [[1]]));
        using var channel = GrpcChannel.ForAddress($"http://localhost:{server.Address.Port}");

        Assert.Equal([1], await Call(channel, 1));
    }

    [Fact]
    public async Task An_address_of_IPv6_is_connected_and_asked_for_in_brackets()
    {
        Assert.SkipUnless(System.Net.Sockets.Socket.OSSupportsIPv6 && HasLoopback6(), "This machine has no IPv6.");
        var authority = "";
        await using var server = await PlainServer.Start(
            context =>
            {
                authority = context.Request.Host.Value!;
                return Wire.Reply(context, [[1]]);
            },
            address: IPAddress.IPv6Loopback);
        using var channel = GrpcChannel.ForAddress(server.Address);

        Assert.Equal([1], await Call(channel, 1));
        Assert.Equal($"[::1]:{server.Address.Port}", authority);
    }

    private static bool HasLoopback6()
    {
        try
        {
            using var listener = new System.Net.Sockets.TcpListener(IPAddress.IPv6Loopback, 0);
            listener.Start();
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private static AsyncUnaryCall<byte[]> Call(GrpcChannel channel, byte payload) => channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, default, [payload]);

    private static async Task Reply(RawHttp2Stream stream, byte[] payload)
    {
        await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
        await stream.SendMessageAsync(payload);
        await stream.SendHeadersAsync([("grpc-status", "0")], end: true);
    }

    private static byte[] GoAway(byte lastStream) => [0, 0, 0, lastStream, 0, 0, 0, 0];

    /// <summary>The connection that had a call first.</summary>
    private sealed class First
    {
        private RawHttp2Connection? _connection;

        public bool Is(RawHttp2Connection connection) => (Interlocked.CompareExchange(ref _connection, connection, null) ?? connection) == connection;
    }
}
