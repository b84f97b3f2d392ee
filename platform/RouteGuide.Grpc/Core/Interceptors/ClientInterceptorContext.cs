namespace Grpc.Core.Interceptors;

/// <summary>A call that an interceptor sees on its way out.</summary>
/// <typeparam name="TRequest">The type of request messages.</typeparam>
/// <typeparam name="TResponse">The type of response messages.</typeparam>
public readonly struct ClientInterceptorContext<TRequest, TResponse>
    where TRequest : class
    where TResponse : class
{
    /// <summary>Describes a call.</summary>
    /// <param name="method">The method.</param>
    /// <param name="host">The authority to ask instead of the channel's; null for the channel's.</param>
    /// <param name="options">What the call is made with.</param>
    public ClientInterceptorContext(Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        Method = method;
        Host = host;
        Options = options;
    }

    /// <summary>The method.</summary>
    public Method<TRequest, TResponse> Method { get; }

    /// <summary>The authority to ask instead of the channel's; null for the channel's.</summary>
    public string? Host { get; }

    /// <summary>What the call is made with.</summary>
    public CallOptions Options { get; }
}
