using Grpc.Core;
using Grpc.Net.Client.Internal.Retry;

namespace Grpc.Net.Client.Internal;

/// <summary>Makes the calls of a channel.</summary>
internal sealed class ChannelCallInvoker(GrpcChannel channel) : CallInvoker
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        using var call = AsyncUnaryCall(method, host, options, request);
        return call.ResponseAsync.GetAwaiter().GetResult();
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        IsRetried(method, out var information)
            ? new RetryingCall<TRequest, TResponse>(channel, method, information, host, options, request).AsUnary()
            : new GrpcCall<TRequest, TResponse>(channel, method, information, host, options).StartUnary(request);

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        IsRetried(method, out var information)
            ? new RetryingCall<TRequest, TResponse>(channel, method, information, host, options, request).AsServerStreaming()
            : new GrpcCall<TRequest, TResponse>(channel, method, information, host, options).StartServerStreaming(request);

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        IsRetried(method, out var information)
            ? new RetryingCall<TRequest, TResponse>(channel, method, information, host, options, null).AsClientStreaming()
            : new GrpcCall<TRequest, TResponse>(channel, method, information, host, options).StartClientStreaming();

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        IsRetried(method, out var information)
            ? new RetryingCall<TRequest, TResponse>(channel, method, information, host, options, null).AsDuplexStreaming()
            : new GrpcCall<TRequest, TResponse>(channel, method, information, host, options).StartDuplexStreaming();

    private bool IsRetried(IMethod method, out MethodInformation information)
    {
        information = channel.Describe(method);
        return information.Retry is not null;
    }
}
