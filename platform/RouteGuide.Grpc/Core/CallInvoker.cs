namespace Grpc.Core;

/// <summary>Makes calls: the end of a channel, or an interceptor in front of one.</summary>
public abstract class CallInvoker
{
    /// <summary>Makes a unary call and blocks until it has ended.</summary>
    /// <typeparam name="TRequest">The type of request messages.</typeparam>
    /// <typeparam name="TResponse">The type of response messages.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="host">The authority to ask instead of the channel's; null for the channel's.</param>
    /// <param name="options">What the call is made with.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="RpcException">The call ended with another status than OK.</exception>
    public abstract TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        where TRequest : class
        where TResponse : class;

    /// <summary>Starts a unary call.</summary>
    /// <typeparam name="TRequest">The type of request messages.</typeparam>
    /// <typeparam name="TResponse">The type of response messages.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="host">The authority to ask instead of the channel's; null for the channel's.</param>
    /// <param name="options">What the call is made with.</param>
    /// <param name="request">The request.</param>
    public abstract AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        where TRequest : class
        where TResponse : class;

    /// <summary>Starts a server-streaming call.</summary>
    /// <typeparam name="TRequest">The type of request messages.</typeparam>
    /// <typeparam name="TResponse">The type of response messages.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="host">The authority to ask instead of the channel's; null for the channel's.</param>
    /// <param name="options">What the call is made with.</param>
    /// <param name="request">The request.</param>
    public abstract AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        where TRequest : class
        where TResponse : class;

    /// <summary>Starts a client-streaming call.</summary>
    /// <typeparam name="TRequest">The type of request messages.</typeparam>
    /// <typeparam name="TResponse">The type of response messages.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="host">The authority to ask instead of the channel's; null for the channel's.</param>
    /// <param name="options">What the call is made with.</param>
    public abstract AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
        where TRequest : class
        where TResponse : class;

    /// <summary>Starts a call with a stream each way.</summary>
    /// <typeparam name="TRequest">The type of request messages.</typeparam>
    /// <typeparam name="TResponse">The type of response messages.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="host">The authority to ask instead of the channel's; null for the channel's.</param>
    /// <param name="options">What the call is made with.</param>
    public abstract AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
        where TRequest : class
        where TResponse : class;
}
