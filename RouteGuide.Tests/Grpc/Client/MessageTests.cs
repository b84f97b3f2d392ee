using System.Buffers.Binary;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Http;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>Framing, size limits and compression.</summary>
public class MessageTests
{
    private const int DefaultLimit = 4 * 1024 * 1024;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(7)]
    public async Task A_response_that_breaks_off_inside_a_message_is_Internal(int length)
    {
        await using var calls = await ByteCalls.Start(context => SendRaw(context, Wire.Frame([1, 2, 3]).AsMemory(0, length).ToArray()));

        var failure = await calls.UnaryFailure();
        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.StartsWith("Error starting gRPC call. InvalidDataException: ", failure.Status.Detail);
        Assert.NotNull(failure.Status.DebugException);

        using var call = calls.CallServerStreaming();
        failure = await ByteCalls.Failure(() => call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.StartsWith("Error reading next message. InvalidDataException: ", failure.Status.Detail);
    }

    [Fact]
    public async Task A_compressed_flag_other_than_0_and_1_is_Internal()
    {
        await using var calls = await ByteCalls.Start(context => SendRaw(context, Wire.Frame([1], flag: 2)));

        var failure = await calls.UnaryFailure();

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.StartsWith("Error starting gRPC call. InvalidDataException: ", failure.Status.Detail);
    }

    [Fact]
    public async Task A_length_beyond_every_limit_is_ResourceExhausted_without_waiting_for_the_bytes()
    {
        await using var calls = await ByteCalls.Start(
            async context =>
            {
                await Wire.StartResponse(context);
                var prefix = new byte[5];
                BinaryPrimitives.WriteUInt32BigEndian(prefix.AsSpan(1), uint.MaxValue);
                await context.Response.Body.WriteAsync(prefix);
                await context.Response.Body.FlushAsync();
                await Wire.Aborted(context);
            },
            new GrpcChannelOptions { MaxReceiveMessageSize = null });

        Assert.Equal(StatusCode.ResourceExhausted, (await calls.UnaryFailure()).StatusCode);
    }

    [Fact]
    public async Task A_message_that_cannot_be_deserialized_is_Internal()
    {
        await using var server = await PlainServer.Start(context => Wire.Reply(context, [[0x0a, 0xff]]));
        using var channel = GrpcChannel.ForAddress(server.Address);
        var client = new Routeguide.RouteGuide.RouteGuideClient(channel);

        Assert.Equal(StatusCode.Internal, (await ByteCalls.Failure(() => client.GetFeatureAsync(new()).ResponseAsync)).StatusCode);
        using var call = client.ListFeatures(new());
        Assert.Equal(StatusCode.Internal, (await ByteCalls.Failure(() => call.ResponseStream.MoveNext())).StatusCode);
    }

    [Theory]
    [InlineData(DefaultLimit, true)]
    [InlineData(DefaultLimit + 1, false)]
    public async Task Received_messages_may_have_4_MiB_by_default(int size, bool isAllowed)
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [new byte[size]]));

        await AssertReceives(calls, size, isAllowed);
    }

    [Fact]
    public async Task The_limit_of_received_messages_can_be_set_and_switched_off()
    {
        await using var small = await ByteCalls.Start(context => Wire.Reply(context, [new byte[11]]), new GrpcChannelOptions { MaxReceiveMessageSize = 10 });
        await AssertReceives(small, 11, isAllowed: false);

        await using var none = await ByteCalls.Start(
            context => Wire.Reply(context, [new byte[DefaultLimit * 2]]), new GrpcChannelOptions { MaxReceiveMessageSize = null });
        await AssertReceives(none, DefaultLimit * 2, isAllowed: true);
    }

    [Fact]
    public async Task A_small_message_that_decompresses_beyond_the_limit_is_ResourceExhausted()
    {
        await using var calls = await ByteCalls.Start(context => ReplyCompressed(context, "gzip", Wire.Gzip(new byte[DefaultLimit + 1])));

        await AssertReceives(calls, DefaultLimit + 1, isAllowed: false);
    }

    [Fact]
    public async Task A_request_beyond_the_send_limit_is_ResourceExhausted()
    {
        await using var calls = await ByteCalls.Start(
            async context => await Wire.Reply(context, [.. await Wire.ReadMessages(context)]), new GrpcChannelOptions { MaxSendMessageSize = 10 });

        Assert.Equal(new byte[10], await calls.CallUnary(new byte[10]));
        AssertTooLarge(await calls.UnaryFailure(new byte[11]));

        using var call = calls.CallClientStreaming();
        AssertTooLarge(await ByteCalls.Failure(() => call.RequestStream.WriteAsync(new byte[11])));

        static void AssertTooLarge(RpcException failure) => Assert.Equal(
            (StatusCode.ResourceExhausted, "Sending message exceeds the maximum configured message size."), (failure.StatusCode, failure.Status.Detail));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Compressed_responses_are_decompressed(string encoding)
    {
        byte[] message = [.. Enumerable.Repeat((byte)7, 10_000)];
        await using var calls = await ByteCalls.Start(
            context => ReplyCompressed(context, encoding, encoding == "gzip" ? Wire.Gzip(message) : Wire.Zlib(message)));

        Assert.Equal(message, await calls.CallUnary());
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "")]
    [InlineData(1, "1f8b080000000000000303000000000000000000")]
    public async Task An_empty_response_of_a_compressed_call_is_read_in_every_form(byte flag, string payload)
    {
        await using var calls = await ByteCalls.Start(context => ReplyCompressed(context, "gzip", Convert.FromHexString(payload), flag));

        Assert.Empty(await calls.CallUnary());
    }

    [Fact]
    public async Task An_empty_request_of_a_compressed_call_is_sent_uncompressed()
    {
        (byte Flag, byte[] Payload)? received = null;
        await using var calls = await ByteCalls.Start(async context =>
        {
            received = await Wire.ReadMessage(context);
            await Wire.Reply(context, [[]]);
        });

        await calls.CallUnary([], new CallOptions(new Metadata { { "grpc-internal-encoding-request", "gzip" } }));

        Assert.Equal(0, received!.Value.Flag);
        Assert.Empty(received.Value.Payload);
    }

    [Fact]
    public async Task An_uncompressed_message_in_a_compressed_call_is_taken_as_it_is()
    {
        await using var calls = await ByteCalls.Start(context => ReplyCompressed(context, "gzip", [1, 2], flag: 0));

        Assert.Equal([1, 2], await calls.CallUnary());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("identity")]
    public async Task A_compressed_message_without_an_encoding_is_Internal(string? encoding)
    {
        await using var calls = await ByteCalls.Start(context => ReplyCompressed(context, encoding, Wire.Gzip([1])));

        var failure = await calls.UnaryFailure();

        Assert.Equal(
            (StatusCode.Internal, "Request sent 'identity' grpc-encoding value with compressed message."), (failure.StatusCode, failure.Status.Detail));
    }

    [Fact]
    public async Task A_compressed_message_in_an_unknown_encoding_is_Unimplemented()
    {
        await using var calls = await ByteCalls.Start(context => ReplyCompressed(context, "snappy", [1]));

        var failure = await calls.UnaryFailure();

        Assert.Equal(
            (StatusCode.Unimplemented, "Unsupported grpc-encoding value 'snappy'. Supported encodings: identity, gzip, deflate"),
            (failure.StatusCode, failure.Status.Detail));
    }

    [Fact]
    public async Task Data_that_is_not_in_the_announced_encoding_is_Internal()
    {
        await using var calls = await ByteCalls.Start(context => ReplyCompressed(context, "gzip", [1, 2, 3, 4]));

        Assert.Equal(StatusCode.Internal, (await calls.UnaryFailure()).StatusCode);
    }

    [Fact]
    public async Task Requests_are_compressed_if_the_metadata_asks_for_it()
    {
        var received = new TaskCompletionSource<(string Encoding, bool HasInternalHeader, byte Flag, byte[] Payload)>();
        await using var calls = await ByteCalls.Start(async context =>
        {
            var message = (await Wire.ReadMessage(context))!.Value;
            received.TrySetResult((
                context.Request.Headers["grpc-encoding"].ToString(),
                context.Request.Headers.ContainsKey("grpc-internal-encoding-request"),
                message.Flag,
                message.Payload));
            await Wire.Reply(context, [[]]);
        });

        await calls.CallUnary([1, 2, 3], new CallOptions(new Metadata { { "grpc-internal-encoding-request", "gzip" } }));

        var (encoding, hasInternalHeader, flag, payload) = await received.Task;
        Assert.Equal(("gzip", false, (byte)1), (encoding, hasInternalHeader, flag));
        using var plain = new MemoryStream();
        using var stream = new System.IO.Compression.GZipStream(new MemoryStream(payload), System.IO.Compression.CompressionMode.Decompress);
        await stream.CopyToAsync(plain);
        Assert.Equal([1, 2, 3], plain.ToArray());
    }

    [Fact]
    public async Task NoCompress_leaves_single_messages_of_a_compressed_call_uncompressed()
    {
        var flags = new List<byte>();
        await using var calls = await ByteCalls.Start(async context =>
        {
            while (await Wire.ReadMessage(context) is { } message) flags.Add(message.Flag);
            await Wire.Reply(context, [[]]);
        });

        using var call = calls.CallClientStreaming(new CallOptions(new Metadata { { "grpc-internal-encoding-request", "gzip" } }));
        await call.RequestStream.WriteAsync([1]);
        call.RequestStream.WriteOptions = new WriteOptions(WriteFlags.NoCompress);
        await call.RequestStream.WriteAsync([2]);
        await call.RequestStream.CompleteAsync();
        await call;

        Assert.Equal([1, 0], flags);
    }

    [Fact]
    public async Task A_request_encoding_that_the_channel_does_not_have_is_Internal()
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [[]]));

        var failure = await calls.UnaryFailure(options: new CallOptions(new Metadata { { "grpc-internal-encoding-request", "snappy" } }));

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.EndsWith("Could not find compression provider for 'snappy'.", failure.Status.Detail);
    }

    [Fact]
    public async Task A_marshaller_that_throws_fails_only_its_own_call()
    {
        await using var server = await PlainServer.Start(async context => await Wire.Reply(context, [.. await Wire.ReadMessages(context)]));
        using var channel = GrpcChannel.ForAddress(server.Address);
        var marshaller = Marshallers.Create<byte[]>(
            message => message[0] == 0 ? throw new FormatException("not this one") : message, payload => payload);
        var method = new Method<byte[], byte[]>(MethodType.Unary, "s", "m", marshaller, marshaller);
        var invoker = channel.CreateCallInvoker();

        var failure = await ByteCalls.Failure(() => invoker.AsyncUnaryCall(method, null, default, [0]).ResponseAsync);

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.Contains("not this one", failure.Status.Detail);
        Assert.Equal([1], await invoker.AsyncUnaryCall(method, null, default, [1]));
    }

    private static async Task AssertReceives(ByteCalls calls, int size, bool isAllowed)
    {
        if (isAllowed)
        {
            Assert.Equal(size, (await calls.CallUnary()).Length);
            return;
        }

        var failure = await calls.UnaryFailure();
        Assert.Equal(
            (StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size."), (failure.StatusCode, failure.Status.Detail));
    }

    private static async Task SendRaw(HttpContext context, byte[] bytes)
    {
        await Wire.StartResponse(context);
        await context.Response.Body.WriteAsync(bytes);
        Wire.EndWith(context, 0);
    }

    private static Task ReplyCompressed(HttpContext context, string? encoding, byte[] payload, byte flag = 1)
    {
        if (encoding is not null) context.Response.Headers["grpc-encoding"] = encoding;
        return SendRaw(context, Wire.Frame(payload, flag));
    }
}
