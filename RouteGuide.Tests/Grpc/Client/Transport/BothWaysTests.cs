using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace RouteGuide.Tests.Grpc.Client.Transport;

/// <summary>What holds whichever way calls travel: over the channel's own transport, and over a handler that the application gives.</summary>
public sealed class BothWaysTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task All_kinds_of_calls_carry_their_messages(bool hasHandler)
    {
        await using var calls = await Start(
            async context =>
            {
                await Wire.StartResponse(context);
                var isSingle = context.Request.Path.Value!.EndsWith("Unary", StringComparison.Ordinal) || context.Request.Path.Value.EndsWith("ClientStreaming", StringComparison.Ordinal);
                byte count = 0;
                while (await Wire.ReadMessage(context) is { } message)
                {
                    count++;
                    if (!isSingle) await Wire.Send(context, message.Payload);
                }

                if (isSingle) await Wire.Send(context, [count]);
                Wire.EndWith(context, 0);
            },
            hasHandler);

        Assert.Equal([1], await calls.CallUnary([9]));
        using var server = calls.CallServerStreaming([8]);
        Assert.Equal<byte[]>([[8]], await Read(server.ResponseStream));
        using var client = calls.CallClientStreaming();
        for (var i = 0; i < 50; i++) await client.RequestStream.WriteAsync(new byte[3000]);
        await client.RequestStream.CompleteAsync();
        Assert.Equal([50], await client);
        using var duplex = calls.CallDuplex();
        for (byte i = 0; i < 50; i++)
        {
            await duplex.RequestStream.WriteAsync([i]);
            Assert.True(await duplex.ResponseStream.MoveNext());
            Assert.Equal([i], duplex.ResponseStream.Current);
        }

        await duplex.RequestStream.CompleteAsync();
        Assert.False(await duplex.ResponseStream.MoveNext());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Large_messages_go_both_ways_whole(bool hasHandler)
    {
        await using var calls = await Start(async context => await Wire.Reply(context, [.. await Wire.ReadMessages(context)]), hasHandler);
        var message = new byte[3_000_000];
        new Random(4711).NextBytes(message);

        // Not by Assert.Equal, which looks at each of the bytes for long.
        var echo = await calls.CallUnary(message);
        Assert.True(message.AsSpan().SequenceEqual(echo));
        using var stream = calls.CallDuplex();
        await stream.RequestStream.WriteAsync(message);
        await stream.RequestStream.WriteAsync(message);
        await stream.RequestStream.CompleteAsync();
        var echoes = await Read(stream.ResponseStream);
        Assert.Equal(2, echoes.Count);
        Assert.All(echoes, each => Assert.True(message.AsSpan().SequenceEqual(each)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_trace_of_the_caller_goes_with_the_call_unless_the_application_sends_its_own(bool hasHandler)
    {
        var seen = "";
        await using var calls = await Start(
            context =>
            {
                seen = context.Request.Headers["traceparent"].ToString();
                return Wire.Reply(context, [[1]]);
            },
            hasHandler);

        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();

        await calls.CallUnary();
        Assert.Contains(activity.TraceId.ToHexString(), seen);
        const string Own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await calls.CallUnary(options: new CallOptions(new Metadata { { "traceparent", Own } }));
        Assert.Equal(Own, seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_certificate_that_nobody_vouches_for_is_refused_and_the_failure_says_why(bool hasHandler)
    {
        using var certificate = TestCertificate.Create();
        var requests = 0;
        await using var server = await PlainServer.Start(
            context =>
            {
                requests++;
                return Wire.Reply(context, [[1]]);
            },
            listen => listen.UseHttps(certificate));
        using var channel = GrpcChannel.ForAddress($"https://localhost:{server.Address.Port}", Options(hasHandler));

        var failure = await ByteCalls.Failure(async () => await channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, default, [1]));

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.Contains(nameof(X509ChainStatusFlags.UntrustedRoot), failure.Status.Detail);
        Assert.Equal(0, requests);
    }

    [Fact]
    public async Task A_server_that_does_not_offer_HTTP_2_over_TLS_is_Internal()
    {
        using var certificate = TestCertificate.Create();
        await using var server = await PlainServer.Start(
            context => Wire.Reply(context, [[1]]),
            listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(certificate);
            });
        using var channel = GrpcChannel.ForAddress($"https://localhost:{server.Address.Port}");

        var failure = await ByteCalls.Failure(async () => await channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, default, [1]));

        // Servers either break the handshake off or go on with another protocol.
        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.StartsWith("Error starting gRPC call. HttpRequestException: ", failure.Status.Detail);
    }

    private static GrpcChannelOptions Options(bool hasHandler) => new() { HttpHandler = hasHandler ? new SocketsHttpHandler() : null, DisposeHttpClient = hasHandler };

    private static Task<ByteCalls> Start(RequestDelegate handler, bool hasHandler) => ByteCalls.Start(handler, Options(hasHandler));

    private static async Task<List<byte[]>> Read(IAsyncStreamReader<byte[]> stream)
    {
        var messages = new List<byte[]>();
        while (await stream.MoveNext()) messages.Add(stream.Current);
        return messages;
    }
}
