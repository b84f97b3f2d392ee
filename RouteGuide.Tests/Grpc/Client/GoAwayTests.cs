using Grpc.Core;
using Grpc.Net.Client;
using RouteGuide.Tests.Balancer;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>A server that announces the end of its connection (RFC 9113, 6.8) and does end it.</summary>
public sealed class GoAwayTests
{
    [Fact]
    public async Task A_connection_that_ends_after_GOAWAY_without_an_error_makes_its_running_call_UNAVAILABLE()
    {
        await using var server = RawTarget.Start(async (connection, stream) =>
        {
            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
            await stream.SendMessageAsync([1]);
            // NO_ERROR, and this stream is one of those that were taken.
            await connection.SendAsync(RawHttp2FrameType.GoAway, 0, 0, new byte[] { 0, 0, 0, (byte)stream.Id, 0, 0, 0, 0 });
            await connection.DisposeAsync();
        });
        using var channel = GrpcChannel.ForAddress(server.Url);
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(ByteCalls.Duplex, null, default);

        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext()) Assert.Equal([1], call.ResponseStream.Current);
        });

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
    }
}
