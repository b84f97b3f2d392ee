using Grpc.Core;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>The rules of request and response streams.</summary>
public class StreamTests
{
    [Fact]
    public async Task Two_reads_at_once_are_refused()
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.StartResponse(context);
            await Wire.Aborted(context);
        });

        using var call = calls.CallServerStreaming();
        var pending = call.ResponseStream.MoveNext();

        await Assert.ThrowsAsync<InvalidOperationException>(() => call.ResponseStream.MoveNext());
        Assert.False(pending.IsCompleted);
    }

    [Fact]
    public async Task Two_writes_at_once_are_refused_and_so_is_completing_in_between()
    {
        var goOn = new TaskCompletionSource();
        await using var calls = await ByteCalls.Start(async context =>
        {
            // As long as nobody reads, the window fills up and a large write has to wait.
            await goOn.Task;
            await Wire.ReadMessages(context);
            await Wire.Reply(context, [[]]);
        });

        using var call = calls.CallClientStreaming();
        var pending = call.RequestStream.WriteAsync(new byte[10_000_000]);

        await Assert.ThrowsAsync<InvalidOperationException>(() => call.RequestStream.WriteAsync([1]));
        await Assert.ThrowsAsync<InvalidOperationException>(() => call.RequestStream.CompleteAsync());
        goOn.SetResult();
        await pending;
        await call.RequestStream.CompleteAsync();
        await call;
    }

    [Fact]
    public async Task Writing_after_completion_is_refused_and_completing_twice_is_not()
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.ReadMessages(context);
            await Wire.Reply(context, [[]]);
        });

        using var call = calls.CallClientStreaming();
        await call.RequestStream.CompleteAsync();
        await call.RequestStream.CompleteAsync();
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => call.RequestStream.WriteAsync([1]));

        Assert.Equal("Request stream has already been completed.", refusal.Message);
        await call;
    }

    [Theory]
    [InlineData(0, StatusCode.OK)]
    [InlineData(5, StatusCode.NotFound)]
    public async Task Writing_to_a_call_that_has_ended_fails_with_its_status(int status, StatusCode code)
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [], status));

        using var call = calls.CallDuplex();
        var end = await Record.ExceptionAsync(() => call.ResponseStream.MoveNext());
        var failure = await ByteCalls.Failure(() => call.RequestStream.WriteAsync([1]));

        Assert.Equal(status == 0, end is null);
        Assert.Equal(code, failure.StatusCode);
    }

    [Fact]
    public async Task Writing_to_a_call_that_the_server_ends_at_once_fails_with_its_status_in_the_end()
    {
        await using var calls = await ByteCalls.Start(context =>
        {
            Wire.TrailersOnly(context, 7, "not you");
            return Task.CompletedTask;
        });

        using var call = calls.CallClientStreaming();
        var failure = await ByteCalls.Failure(async () =>
        {
            for (var patience = 0; patience < 1_000_000; patience++) await call.RequestStream.WriteAsync(new byte[1000]);
        });

        Assert.Equal((StatusCode.PermissionDenied, "not you"), (failure.StatusCode, failure.Status.Detail));
        Assert.Equal(StatusCode.PermissionDenied, (await ByteCalls.Failure(() => call.ResponseAsync)).StatusCode);
    }

    [Fact]
    public async Task A_client_stream_that_the_server_answers_early_has_its_response()
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.ReadMessage(context);
            await Wire.Reply(context, [[9]]);
        });

        using var call = calls.CallClientStreaming();
        await call.RequestStream.WriteAsync([1]);

        Assert.Equal([9], await call);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Current_is_null_before_the_first_read_and_after_the_last()
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [[1]]));

        using var call = calls.CallServerStreaming();
        Assert.Null(call.ResponseStream.Current);
        Assert.True(await call.ResponseStream.MoveNext());
        Assert.NotNull(call.ResponseStream.Current);
        Assert.False(await call.ResponseStream.MoveNext());
        Assert.Null(call.ResponseStream.Current);
    }

    [Fact]
    public async Task A_message_that_was_read_stays_Current_though_the_call_ends_right_behind_it()
    {
        using var cancellation = new CancellationTokenSource();
        var marshaller = Marshallers.Create<byte[]>(message => message, payload =>
        {
            cancellation.Cancel();
            return payload;
        });
        var method = new Method<byte[], byte[]>(MethodType.ServerStreaming, "s", "m", marshaller, marshaller);
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.Send(context, [1]);
            await Wire.Aborted(context);
        });

        using var call = calls.Channel.CreateCallInvoker().AsyncServerStreamingCall(method, null, new CallOptions(cancellationToken: cancellation.Token), [1]);
        Assert.True(await call.ResponseStream.MoveNext());

        Assert.Equal([1], call.ResponseStream.Current);
        Assert.Equal(StatusCode.Cancelled, (await ByteCalls.Failure(() => call.ResponseStream.MoveNext())).StatusCode);
    }

    [Fact]
    public async Task A_buffered_message_leaves_with_the_next_one()
    {
        var received = new List<byte[]>();
        await using var calls = await ByteCalls.Start(async context =>
        {
            received.AddRange(await Wire.ReadMessages(context));
            await Wire.Reply(context, [[]]);
        });

        using var call = calls.CallClientStreaming();
        call.RequestStream.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
        await call.RequestStream.WriteAsync([1]);
        call.RequestStream.WriteOptions = null;
        await call.RequestStream.WriteAsync([2]);
        await call.RequestStream.CompleteAsync();
        await call;

        Assert.Equal<byte[]>([[1], [2]], received);
    }

    [Fact]
    public async Task A_slow_reader_holds_the_server_back()
    {
        var sent = 0;
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.StartResponse(context);
            for (; sent < 500; Interlocked.Increment(ref sent))
            {
                await Wire.Send(context, new byte[100_000]);
            }

            Wire.EndWith(context, 0);
        });

        using var call = calls.CallServerStreaming();
        Assert.True(await call.ResponseStream.MoveNext());
        // The server is stuck when the number stands still over many looks at it.
        var (last, still) = (-1, 0);
        await Eventually.Until(
            () =>
            {
                var now = Volatile.Read(ref sent);
                still = now == last ? still + 1 : 0;
                last = now;
                return now > 0 && still >= 10;
            },
            "the server stops sending");

        Assert.InRange(last, 1, 499);
        var count = 1;
        while (await call.ResponseStream.MoveNext()) count++;
        Assert.Equal(500, count);
    }

    [Fact]
    public async Task A_cancelled_write_cancels_the_call()
    {
        await using var calls = await ByteCalls.Start(Wire.Aborted);
        using var cancellation = new CancellationTokenSource();

        using var call = calls.CallDuplex();
        var pending = call.RequestStream.WriteAsync(new byte[10_000_000], cancellation.Token);
        await cancellation.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await ByteCalls.Failure(() => pending)).StatusCode);
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_message_that_cannot_be_serialized_leaves_the_stream_usable()
    {
        var marshaller = Marshallers.Create<byte[]>(message => message.Length == 0 ? throw new FormatException("empty") : message, payload => payload);
        var method = new Method<byte[], byte[]>(MethodType.ClientStreaming, "s", "m", marshaller, marshaller);
        await using var calls = await ByteCalls.Start(async context => await Wire.Reply(context, [.. await Wire.ReadMessages(context)]));

        using var call = calls.Channel.CreateCallInvoker().AsyncClientStreamingCall(method, null, default);
        await Assert.ThrowsAsync<FormatException>(() => call.RequestStream.WriteAsync([]));
        await call.RequestStream.WriteAsync([1]);
        await call.RequestStream.CompleteAsync();

        Assert.Equal([1], await call);
    }
}
