using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Routeguide;
using RouteGuide.Tests.Support;
using static RouteGuide.Tests.Support.RawHttp2Connection;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>Length-prefixed messages: whole, broken, too long.</summary>
public sealed class MessageFramingTests
{
    private const string Incomplete = "Incomplete message.";
    private const string Additional = "Additional data after the message received.";
    private const string ReceivedTooLong = "Received message exceeds the maximum configured message size.";
    private const string SentTooLong = "Sending message exceeds the maximum configured message size.";
    private const string Thrown = "Exception was thrown by handler.";

    public static TheoryData<string, byte[], string, string> BrokenBodies => new()
    {
        { ScriptedRouteGuide.UnaryPath, [], "13", Incomplete },
        { ScriptedRouteGuide.UnaryPath, [0, 0, 0], "13", Incomplete },
        { ScriptedRouteGuide.UnaryPath, [0, 0, 0, 0, 2, 8], "13", Incomplete },
        { ScriptedRouteGuide.UnaryPath, [0, 0, 0, 0, 0, 0], "13", Additional },
        { ScriptedRouteGuide.UnaryPath, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "13", Additional },
        { ScriptedRouteGuide.ServerStreamingPath, [], "13", Incomplete },
        { ScriptedRouteGuide.ServerStreamingPath, [0, 0, 0, 0, 0, 0], "13", Additional },
        { ScriptedRouteGuide.ClientStreamingPath, [0, 0, 0, 0, 0, 0, 0], "13", Incomplete },
        { ScriptedRouteGuide.DuplexPath, [0, 0, 0, 0, 1], "13", Incomplete },
        { ScriptedRouteGuide.UnaryPath, [2, 0, 0, 0, 0], "2", Thrown },
        { ScriptedRouteGuide.UnaryPath, [0, 0x80, 0, 0, 0], "2", Thrown },
        { ScriptedRouteGuide.UnaryPath, [0, 0xFF, 0xFF, 0xFF, 0xFF], "2", Thrown },
        // Field 1 with the wire type 7, which does not exist.
        { ScriptedRouteGuide.UnaryPath, [0, 0, 0, 0, 1, 0x0F], "2", Thrown },
    };

    [Theory]
    [MemberData(nameof(BrokenBodies))]
    public async Task A_body_that_is_not_what_the_method_takes_is_refused(string path, byte[] body, string status, string message)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallWithBodyAsync(path, body);
        Assert.Equal(status, call.GrpcStatus);
        Assert.Equal(message, call.GrpcMessage);
        // Nothing else is harmed.
        Assert.Equal("0", (await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point())).GrpcStatus);
    }

    [Theory]
    [InlineData(ScriptedRouteGuide.ServerStreamingPath)]
    [InlineData(ScriptedRouteGuide.DuplexPath)]
    [InlineData(ScriptedRouteGuide.ClientStreamingPath)]
    [InlineData(ScriptedRouteGuide.UnaryPath)]
    public async Task A_message_of_4_MiB_is_taken_and_one_byte_more_is_refused_at_its_prefix(string path)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Duplex = async (requests, _, _) => { while (await requests.MoveNext()) { } },
        });
        await using var h2 = await host.ConnectAsync();
        // An unknown field of the right length, so that it fits every request type.
        var taken = await h2.CallWithBodyAsync(path, RawHttp2Stream.Frame(UnknownField(4 * 1024 * 1024)));
        Assert.Equal("0", taken.GrpcStatus);

        // The message itself never comes: the prefix is enough.
        var refused = await h2.OpenAsync(GrpcRequest(path));
        await refused.SendDataAsync(new byte[] { 0, 0, 0x40, 0, 1 });
        await refused.Ended();
        Assert.Equal("8", refused.GrpcStatus);
        Assert.Equal(ReceivedTooLong, refused.GrpcMessage);
    }

    [Fact]
    public async Task Without_a_limit_longer_messages_are_taken()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide(), options => options.MaxReceiveMessageSize = null);
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallWithBodyAsync(ScriptedRouteGuide.UnaryPath, RawHttp2Stream.Frame(UnknownField(5 * 1024 * 1024)));
        Assert.Equal("0", call.GrpcStatus);
    }

    [Fact]
    public async Task A_message_to_send_that_is_too_long_is_RESOURCE_EXHAUSTED_and_leaves_no_trace()
    {
        await using var host = await GrpcHost.ServeAsync(
            new ScriptedRouteGuide
            {
                Unary = (_, _) => Task.FromResult(new Feature { Name = new string('x', 200) }),
                ServerStreaming = async (_, responses, _) =>
                {
                    await responses.WriteAsync(new Feature { Name = "short" });
                    await responses.WriteAsync(new Feature { Name = new string('x', 200) });
                },
            },
            options => options.MaxSendMessageSize = 100);
        await using var h2 = await host.ConnectAsync();

        var unary = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.True(unary.IsTrailersOnly);
        Assert.Equal("8", unary.GrpcStatus);
        Assert.Equal(SentTooLong, unary.GrpcMessage);

        var stream = await h2.CallAsync(ScriptedRouteGuide.ServerStreamingPath, new Rectangle());
        Assert.Equal("short", Feature.Parser.ParseFrom(Assert.Single(stream.Messages).Payload).Name);
        Assert.Equal("8", stream.GrpcStatus);
    }

    [Fact]
    public async Task A_marshaller_that_writes_without_announcing_the_length_works()
    {
        var call = await CallWithMarshallerAsync((text, context) =>
        {
            var writer = context.GetBufferWriter();
            for (var i = 0; i < 3; i++) writer.Write(System.Text.Encoding.UTF8.GetBytes(text));
            context.Complete();
        });
        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal("hellohellohello", System.Text.Encoding.UTF8.GetString(Assert.Single(call.Messages).Payload));
    }

    [Fact]
    public async Task A_marshaller_that_gives_an_array_works()
    {
        var call = await CallWithMarshallerAsync((text, context) => context.Complete(System.Text.Encoding.UTF8.GetBytes(text)));
        Assert.Equal("hello", System.Text.Encoding.UTF8.GetString(Assert.Single(call.Messages).Payload));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    public async Task A_marshaller_that_does_not_keep_the_announced_length_fails_the_call_and_sends_nothing(int announced)
    {
        var call = await CallWithMarshallerAsync((text, context) =>
        {
            context.SetPayloadLength(announced);
            context.GetBufferWriter().Write(System.Text.Encoding.UTF8.GetBytes(text));
            context.Complete();
        });
        Assert.Equal("2", call.GrpcStatus);
        Assert.Empty(call.Data);
    }

    [Fact]
    public async Task A_marshaller_that_does_not_complete_the_message_fails_the_call()
    {
        var call = await CallWithMarshallerAsync((_, context) => context.GetBufferWriter());
        Assert.Equal("2", call.GrpcStatus);
        Assert.Empty(call.Data);
    }

    [Fact]
    public async Task A_buffered_message_leaves_with_the_next_one()
    {
        var wroteFirst = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            ServerStreaming = async (_, responses, context) =>
            {
                await context.WriteResponseHeadersAsync([]);
                responses.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
                await responses.WriteAsync(new Feature { Name = "1" });
                wroteFirst.SetResult();
                await go.Task;
                responses.WriteOptions = null;
                await responses.WriteAsync(new Feature { Name = "2" });
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.ServerStreamingPath));
        await call.SendMessageAsync([], end: true);
        await wroteFirst.Task;
        // A reply to PING comes after everything that was flushed before it.
        await h2.SendAsync(RawHttp2FrameType.Ping, 0, 0, new byte[8]);
        await h2.WaitForAsync(f => f.Type == RawHttp2FrameType.Ping, "the reply to PING");
        Assert.Empty(call.Messages);
        go.SetResult();
        await call.Ended();
        Assert.Equal(2, call.Messages.Count);
        Assert.Single(h2.Frames, f => f.Type == RawHttp2FrameType.Data && f.Payload.Length > 0);
    }

    private static byte[] UnknownField(int size)
    {
        // Field 1000, length-delimited: two bytes of tag, four of length.
        var message = new byte[size];
        var output = new CodedOutputStream(message);
        output.WriteTag(1000, WireFormat.WireType.LengthDelimited);
        output.WriteLength(size - 2 - CodedOutputStream.ComputeLengthSize(size - 6));
        output.Flush();
        return message;
    }

    private static async Task<RawHttp2Stream> CallWithMarshallerAsync(Action<string, SerializationContext> serializer)
    {
        var marshaller = Marshallers.Create(serializer, context => System.Text.Encoding.UTF8.GetString(context.PayloadAsNewBuffer()));
        var method = new Method<string, string>(MethodType.Unary, "test.Text", "Say", marshaller, marshaller);
        var definition = ServerServiceDefinition.CreateBuilder().AddMethod(method, new UnaryServerMethod<string, string>((_, _) => Task.FromResult("hello"))).Build();
        await using var host = await GrpcHost.StartAsync(services => services.AddGrpc(), app => app.MapGrpcService(definition));
        await using var h2 = await host.ConnectAsync();
        return await h2.CallWithBodyAsync("/test.Text/Say", RawHttp2Stream.Frame("hi"u8));
    }
}
