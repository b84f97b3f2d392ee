using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RouteGuide.Tests.Balancer;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>PINGs that keep a connection alive, or show that it is not: the settings of the handler, under a channel with one server and a balanced one.</summary>
public sealed class KeepAliveTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_with_a_call_is_pinged(bool isBalanced)
    {
        await using var server = RawTarget.Start(async (connection, stream) =>
        {
            await connection.WaitForAsync(frame => frame.Type == RawHttp2FrameType.Ping && (frame.Flags & 1) == 0, "a PING of the client");
            await RawTarget.Answer(stream);
        });
        using var channel = Connect(server.Url, isBalanced, TimeSpan.FromHours(1));

        Assert.Empty(await channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, default, [1]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_does_not_answer_pings_ends_its_calls(bool isBalanced)
    {
        await using var server = RawTarget.Start((connection, _) =>
        {
            connection.Acknowledges = false;
            return Task.CompletedTask;
        });
        using var channel = Connect(server.Url, isBalanced, TimeSpan.FromSeconds(1));

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, default, [1]));

        // HttpClient reports a PING without an answer as an error of the protocol, which is INTERNAL; the connection may also be seen to break.
        Assert.Contains(failure.StatusCode, (StatusCode[])[StatusCode.Internal, StatusCode.Unavailable]);
    }

    private static GrpcChannel Connect(Uri server, bool isBalanced, TimeSpan timeout)
    {
        var options = new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                KeepAlivePingDelay = TimeSpan.FromSeconds(1),
                KeepAlivePingTimeout = timeout,
                KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            },
            DisposeHttpClient = true,
        };
        if (!isBalanced) return GrpcChannel.ForAddress(server, options);

        options.Credentials = ChannelCredentials.Insecure;
        options.ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new RoundRobinConfig() } };
        options.ServiceProvider = new ServiceCollection()
            .AddSingleton<ResolverFactory>(new StaticResolverFactory(_ => [new BalancerAddress(server.Host, server.Port)]))
            .BuildServiceProvider();
        return GrpcChannel.ForAddress("static:///servers", options);
    }
}
