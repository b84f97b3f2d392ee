using Grpc.Core;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Internal.Retry;

namespace Grpc.Net.Client.Internal;

/// <summary>Makes the calls of a channel. With a server named, they go there once, whatever policies there are.</summary>
internal sealed class ChannelCallInvoker(GrpcChannel channel, Subchannel? server = null) : CallInvoker
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        using var call = AsyncUnaryCall(method, host, options, request);
        return call.ResponseAsync.GetAwaiter().GetResult();
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        Repeat(method, host, options, request)?.AsUnary() ?? Once(method, host, options).StartUnary(request);

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        Repeat(method, host, options, request)?.AsServerStreaming() ?? Once(method, host, options).StartServerStreaming(request);

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        Repeat(method, host, options, null)?.AsClientStreaming() ?? Once(method, host, options).StartClientStreaming();

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        Repeat(method, host, options, null)?.AsDuplexStreaming() ?? Once(method, host, options).StartDuplexStreaming();

    private GrpcCall<TRequest, TResponse> Once<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, in CallOptions options)
        where TRequest : class
        where TResponse : class =>
        new(channel, method, channel.Describe(method), host, options) { Server = server };

    // Null for a method without a policy.
    private RepeatedCall<TRequest, TResponse>? Repeat<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, in CallOptions options, TRequest? request)
        where TRequest : class
        where TResponse : class
    {
        if (server is not null) return null;
        var information = channel.Describe(method);
        if (information.Retry is not null) return new RetryingCall<TRequest, TResponse>(channel, method, information, host, options, request);
        return information.Hedging is not null ? new HedgingCall<TRequest, TResponse>(channel, method, information, host, options, request) : null;
    }
}
