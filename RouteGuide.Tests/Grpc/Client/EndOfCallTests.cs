using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Http;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>Calls that end before the server has ended them: deadline, cancellation, disposal; resets and lost connections.</summary>
public class EndOfCallTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);

    [Fact]
    public async Task A_call_whose_deadline_passes_is_DeadlineExceeded_and_the_request_is_reset()
    {
        var (arrived, aborted) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var calls = await ByteCalls.Start(context => HangUntilAborted(context, aborted, arrived));

        await ByteCalls.WithMoreTimeUntil(() => arrived.Task.IsCompleted, async deadline =>
        {
            using var call = calls.CallUnary(options: new CallOptions(deadline: deadline));
            var failure = await ByteCalls.Failure(() => call.ResponseAsync);

            Assert.Equal((StatusCode.DeadlineExceeded, ""), (failure.StatusCode, failure.Status.Detail));
            Assert.Equal(StatusCode.DeadlineExceeded, call.GetStatus().StatusCode);
        });
        await aborted.Task.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task A_stream_whose_deadline_passes_is_DeadlineExceeded()
    {
        var aborted = new TaskCompletionSource();
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.Send(context, [1]);
            await HangUntilAborted(context, aborted);
        });

        var read = 0;
        await ByteCalls.WithMoreTimeUntil(() => read == 1, async deadline =>
        {
            using var call = calls.CallServerStreaming(options: new CallOptions(deadline: deadline));
            var failure = await ByteCalls.Failure(async () =>
            {
                while (await call.ResponseStream.MoveNext()) read++;
            });

            Assert.Equal((StatusCode.DeadlineExceeded, ""), (failure.StatusCode, failure.Status.Detail));
        });
        await aborted.Task.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task A_duplex_call_that_nobody_reads_or_writes_is_reset_at_its_deadline()
    {
        var aborted = new TaskCompletionSource();
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.StartResponse(context);
            await HangUntilAborted(context, aborted);
        });

        var isOpen = false;
        await ByteCalls.WithMoreTimeUntil(() => isOpen, async deadline =>
        {
            using var call = calls.CallDuplex(new CallOptions(deadline: deadline));
            isOpen = await Record.ExceptionAsync(() => call.ResponseHeadersAsync) is null;
            if (!isOpen) return;
            await aborted.Task.WaitAsync(Eventually.Patience);

            Assert.Equal(StatusCode.DeadlineExceeded, call.GetStatus().StatusCode);
            Assert.Equal(StatusCode.DeadlineExceeded, (await ByteCalls.Failure(() => call.RequestStream.WriteAsync([1]))).StatusCode);
        });
    }

    [Fact]
    public async Task A_deadline_in_the_past_is_DeadlineExceeded_and_nothing_is_sent()
    {
        var requests = 0;
        await using var calls = await ByteCalls.Start(context =>
        {
            Interlocked.Increment(ref requests);
            return Wire.Reply(context, [[]]);
        });

        var failure = await calls.UnaryFailure(options: new CallOptions(deadline: DateTime.UtcNow - Soon));
        Assert.Equal((StatusCode.DeadlineExceeded, ""), (failure.StatusCode, failure.Status.Detail));
        failure = await calls.UnaryFailure(options: new CallOptions(deadline: DateTime.MinValue));
        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.Equal(0, requests);
    }

    [Fact]
    public async Task A_deadline_that_is_not_in_utc_is_refused_at_once()
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [[]]));

        Assert.Throws<InvalidOperationException>(() => calls.CallUnary(options: new CallOptions(deadline: DateTime.Now.AddMinutes(1))));
        Assert.Throws<InvalidOperationException>(
            () => calls.CallDuplex(new CallOptions(deadline: new DateTime(2100, 1, 1, 0, 0, 0, DateTimeKind.Unspecified))));
    }

    [Fact]
    public async Task A_deadline_further_away_than_a_timer_can_wait_is_kept()
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [[1]]));

        Assert.Equal([1], await calls.CallUnary(options: new CallOptions(deadline: DateTime.UtcNow.AddYears(5))));
    }

    [Fact]
    public async Task A_cancelled_call_is_Cancelled_and_the_request_is_reset()
    {
        var (arrived, aborted) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var calls = await ByteCalls.Start(context => HangUntilAborted(context, aborted, arrived));
        using var cancellation = new CancellationTokenSource();

        using var call = calls.CallUnary(options: new CallOptions(cancellationToken: cancellation.Token));
        await arrived.Task.WaitAsync(Eventually.Patience);
        await cancellation.CancelAsync();
        var failure = await ByteCalls.Failure(() => call.ResponseAsync);

        Assert.Equal((StatusCode.Cancelled, "Call canceled by the client."), (failure.StatusCode, failure.Status.Detail));
        await aborted.Task.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_before_the_call_sends_nothing()
    {
        var requests = 0;
        await using var calls = await ByteCalls.Start(context =>
        {
            Interlocked.Increment(ref requests);
            return Wire.Reply(context, [[]]);
        });

        var failure = await calls.UnaryFailure(options: new CallOptions(cancellationToken: new CancellationToken(canceled: true)));

        Assert.Equal((StatusCode.Cancelled, "Call canceled by the client."), (failure.StatusCode, failure.Status.Detail));
        Assert.Equal(0, requests);
    }

    [Fact]
    public async Task A_cancelled_read_cancels_the_call()
    {
        var aborted = new TaskCompletionSource();
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.Send(context, [1]);
            await HangUntilAborted(context, aborted);
        });
        using var cancellation = new CancellationTokenSource();

        using var call = calls.CallServerStreaming();
        Assert.True(await call.ResponseStream.MoveNext(cancellation.Token));
        var pending = call.ResponseStream.MoveNext(cancellation.Token);
        await cancellation.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await ByteCalls.Failure(() => pending)).StatusCode);
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
        await aborted.Task.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task A_disposed_call_is_Cancelled_and_the_request_is_reset()
    {
        var (arrived, aborted) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var calls = await ByteCalls.Start(context => HangUntilAborted(context, aborted, arrived));

        var call = calls.CallDuplex();
        var read = call.ResponseStream.MoveNext();
        await arrived.Task.WaitAsync(Eventually.Patience);
        call.Dispose();

        var failure = await ByteCalls.Failure(() => read);
        Assert.Equal((StatusCode.Cancelled, "gRPC call disposed."), (failure.StatusCode, failure.Status.Detail));
        Assert.Equal((StatusCode.Cancelled, "gRPC call disposed."), (call.GetStatus().StatusCode, call.GetStatus().Detail));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => call.ResponseStream.MoveNext());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => call.RequestStream.WriteAsync([1]));
        await aborted.Task.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task Disposing_a_call_that_has_ended_changes_nothing()
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [[1]]));

        var call = calls.CallUnary();
        await call;
        call.Dispose();
        call.Dispose();

        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_disposed_channel_cancels_running_calls_and_refuses_new_ones()
    {
        var (arrived, aborted) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var calls = await ByteCalls.Start(context => HangUntilAborted(context, aborted, arrived));

        using var call = calls.CallUnary();
        await arrived.Task.WaitAsync(Eventually.Patience);
        calls.Channel.Dispose();

        Assert.Equal(StatusCode.Cancelled, (await ByteCalls.Failure(() => call.ResponseAsync)).StatusCode);
        Assert.Throws<ObjectDisposedException>(() => calls.CallUnary());
        Assert.Throws<ObjectDisposedException>(() => calls.Channel.CreateCallInvoker());
    }

    [Fact]
    public async Task Cancellation_and_deadline_throw_OperationCanceledException_if_the_channel_says_so()
    {
        var aborted = new TaskCompletionSource();
        await using var calls = await ByteCalls.Start(
            context => HangUntilAborted(context, aborted), new GrpcChannelOptions { ThrowOperationCanceledOnCancellation = true });
        using var cancellation = new CancellationTokenSource();

        using var cancelled = calls.CallUnary(options: new CallOptions(cancellationToken: cancellation.Token));
        using var late = calls.CallServerStreaming(options: new CallOptions(deadline: DateTime.UtcNow + Soon));
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.ResponseAsync);
        Assert.Equal(StatusCode.Cancelled, cancelled.GetStatus().StatusCode);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => late.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.DeadlineExceeded, late.GetStatus().StatusCode);
    }

    [Theory]
    [InlineData(0x1, StatusCode.Internal)]
    [InlineData(0x2, StatusCode.Internal)]
    [InlineData(0x3, StatusCode.Internal)]
    [InlineData(0x4, StatusCode.Internal)]
    [InlineData(0x5, StatusCode.Internal)]
    [InlineData(0x6, StatusCode.Internal)]
    [InlineData(0x7, StatusCode.Unavailable)]
    [InlineData(0x8, StatusCode.Cancelled)]
    [InlineData(0x9, StatusCode.Internal)]
    [InlineData(0xa, StatusCode.Internal)]
    [InlineData(0xb, StatusCode.ResourceExhausted)]
    [InlineData(0xc, StatusCode.PermissionDenied)]
    [InlineData(0xd, StatusCode.Internal)]
    public async Task A_reset_by_the_server_is_mapped_by_its_code(int errorCode, StatusCode code)
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            if (context.Request.Path.Value!.EndsWith("ServerStreaming", StringComparison.Ordinal)) await Wire.Send(context, [1]);
            Wire.Reset(context, errorCode);
        });

        var failure = await calls.UnaryFailure();
        Assert.Equal(code, failure.StatusCode);
        Assert.StartsWith("Error starting gRPC call. ", failure.Status.Detail);

        using var call = calls.CallServerStreaming();
        failure = await ByteCalls.Failure(async () =>
        {
            while (await call.ResponseStream.MoveNext())
            {
                Assert.Equal([1], call.ResponseStream.Current);
            }
        });
        Assert.Equal(code, failure.StatusCode);
    }

    [Fact]
    public async Task The_code_of_a_reset_is_not_lost_while_the_request_stream_is_open()
    {
        await using var calls = await ByteCalls.Start(context =>
        {
            Wire.Reset(context, 0xc);
            return Task.CompletedTask;
        });

        // Which side of the stream sees the reset first is a matter of luck: once proves nothing.
        for (var i = 0; i < 100; i++)
        {
            using var client = calls.CallClientStreaming();
            Assert.Equal(StatusCode.PermissionDenied, (await ByteCalls.Failure(() => client.ResponseAsync)).StatusCode);
            using var duplex = calls.CallDuplex();
            Assert.Equal(StatusCode.PermissionDenied, (await ByteCalls.Failure(() => duplex.ResponseStream.MoveNext())).StatusCode);
        }
    }

    [Fact]
    public async Task A_reset_inside_a_stream_says_that_a_message_was_being_read()
    {
        var read = new TaskCompletionSource();
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.Send(context, [1]);
            await read.Task;
            Wire.Reset(context, 0x2);
        });

        using var call = calls.CallServerStreaming();
        Assert.True(await call.ResponseStream.MoveNext());
        read.SetResult();
        var failure = await ByteCalls.Failure(() => call.ResponseStream.MoveNext());

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.StartsWith("Error reading next message. ", failure.Status.Detail);
    }

    [Fact]
    public async Task An_address_where_nothing_listens_is_Unavailable()
    {
        using var port = new ReservedPort();
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port.Number}");

        var failure = await ByteCalls.Failure(() => channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, default, [1]).ResponseAsync);

        Assert.Equal((StatusCode.Unavailable, "Error connecting to subchannel."), (failure.StatusCode, failure.Status.Detail));
        Assert.IsType<SocketException>(failure.Status.DebugException);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_is_lost_is_Unavailable(bool isReset)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var channel = GrpcChannel.ForAddress($"http://{listener.LocalEndpoint}");
        var call = channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, default, [1]);
        using (var socket = await listener.AcceptSocketAsync())
        {
            // The connection stands once the client has acknowledged our SETTINGS; before that, HttpClient reports a failed handshake.
            await socket.SendAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 });
            byte[] acknowledgement = [0, 0, 0, 4, 1, 0, 0, 0, 0];
            var received = new List<byte>();
            var buffer = new byte[1000];
            while (received.ToArray().AsSpan().IndexOf(acknowledgement) < 0)
            {
                var count = await socket.ReceiveAsync(buffer).WaitAsync(RouteGuide.Tests.Support.Eventually.Patience);
                Assert.NotEqual(0, count);
                received.AddRange(buffer[..count]);
            }

            // A pending linger of zero seconds turns the close into a TCP reset.
            if (isReset) socket.LingerState = new LingerOption(enable: true, seconds: 0);
            else socket.Shutdown(SocketShutdown.Both);
        }

        var failure = await ByteCalls.Failure(() => call.ResponseAsync);
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
    }

    [Fact]
    public async Task A_server_that_speaks_only_http_1_is_Internal()
    {
        await using var server = await PlainServer.Start(
            context => Wire.Reply(context, [[]]), listen => listen.Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1);
        using var channel = GrpcChannel.ForAddress(server.Address);

        var failure = await ByteCalls.Failure(() => channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, default, [1]).ResponseAsync);

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
    }

    [Fact]
    public async Task A_response_of_http_1_is_Internal()
    {
        await using var server = await PlainServer.Start(
            context => Wire.Send(context, [1]), listen => listen.Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1);
        using var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { HttpVersion = HttpVersion.Version11 });

        var failure = await ByteCalls.Failure(() => channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, default, [1]).ResponseAsync);

        Assert.Equal(
            (StatusCode.Internal, "Bad gRPC response. Response protocol downgraded to HTTP/1.1."), (failure.StatusCode, failure.Status.Detail));
    }

    private static async Task HangUntilAborted(HttpContext context, TaskCompletionSource aborted, TaskCompletionSource? arrived = null)
    {
        arrived?.TrySetResult();
        await Wire.Aborted(context);
        aborted.TrySetResult();
    }
}
