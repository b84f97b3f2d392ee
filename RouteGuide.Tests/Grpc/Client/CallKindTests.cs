using Grpc.Core;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>All kinds of call that end well.</summary>
public class CallKindTests
{
    [Fact]
    public async Task A_unary_call_sends_one_message_and_receives_one()
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            var request = Assert.Single(await Wire.ReadMessages(context));
            await Wire.Reply(context, [[.. request, 3]]);
        });

        using var call = calls.CallUnary([1, 2]);

        Assert.Equal([1, 2, 3], await call);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.Empty(call.GetStatus().Detail);
    }

    [Fact]
    public async Task A_blocking_unary_call_returns_the_response()
    {
        await using var calls = await ByteCalls.Start(async context => await Wire.Reply(context, [.. await Wire.ReadMessages(context)]));

        var response = await Task.Run(() => calls.Channel.CreateCallInvoker().BlockingUnaryCall(ByteCalls.Unary, null, default, [1, 2]));

        Assert.Equal([1, 2], response);
    }

    [Fact]
    public async Task A_server_streaming_call_receives_all_messages_in_order()
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [[1], [], [3, 3]]));

        using var call = calls.CallServerStreaming();
        var received = new List<byte[]>();
        await foreach (var message in call.ResponseStream.ReadAllAsync()) received.Add(message);

        Assert.Equal<byte[]>([[1], [], [3, 3]], received);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_client_streaming_call_sends_all_messages_in_order()
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            var requests = await Wire.ReadMessages(context);
            await Wire.Reply(context, [requests.SelectMany(r => r).ToArray()]);
        });

        using var call = calls.CallClientStreaming();
        await call.RequestStream.WriteAsync([1]);
        await call.RequestStream.WriteAsync([]);
        await call.RequestStream.WriteAsync([2, 3]);
        await call.RequestStream.CompleteAsync();

        Assert.Equal([1, 2, 3], await call);
    }

    [Fact]
    public async Task A_duplex_call_sends_and_receives_by_turns()
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.StartResponse(context);
            while (await Wire.ReadMessage(context) is { } message) await Wire.Send(context, message.Payload);
            Wire.EndWith(context, 0);
        });

        using var call = calls.CallDuplex();
        for (byte i = 0; i < 10; i++)
        {
            await call.RequestStream.WriteAsync([i]);
            Assert.True(await call.ResponseStream.MoveNext());
            Assert.Equal([i], call.ResponseStream.Current);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
        Assert.False(await call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task The_server_sees_a_streaming_call_before_its_first_message()
    {
        var arrived = new TaskCompletionSource();
        await using var calls = await ByteCalls.Start(async context =>
        {
            arrived.TrySetResult();
            await Wire.Reply(context, [.. await Wire.ReadMessages(context)]);
        });

        using var call = calls.CallDuplex();
        await arrived.Task.WaitAsync(Support.Eventually.Patience);
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(3_000_000)]
    public async Task Large_messages_arrive_whole_in_both_directions(int size)
    {
        var message = new byte[size];
        new Random(1).NextBytes(message);
        await using var calls = await ByteCalls.Start(
            async context => await Wire.Reply(context, [.. await Wire.ReadMessages(context)]));

        Assert.Equal(message, await calls.CallUnary(message));

        using var call = calls.CallDuplex();
        await call.RequestStream.WriteAsync(message);
        await call.RequestStream.WriteAsync(message);
        await call.RequestStream.CompleteAsync();
        var received = new List<byte[]>();
        await foreach (var response in call.ResponseStream.ReadAllAsync()) received.Add(response);
        Assert.Equal<byte[]>([message, message], received);
    }

    [Fact]
    public async Task Many_calls_at_once_each_get_their_own_response()
    {
        await using var calls = await ByteCalls.Start(async context => await Wire.Reply(context, [.. await Wire.ReadMessages(context)]));

        var responses = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => calls.CallUnary(BitConverter.GetBytes(i)).ResponseAsync));

        Assert.Equal(Enumerable.Range(0, 500), responses.Select(r => BitConverter.ToInt32(r)));
    }
}
